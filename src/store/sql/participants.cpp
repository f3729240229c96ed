#include "store/sql/participants.hpp"

#include "base/id.hpp"
#include "base/sha256.hpp"
#include "store/sql/statement.hpp"

namespace parley::store {
namespace {

std::string holder_of(soci::session& sql, const std::string& hash) {
  return first<std::string>(sql,
                            "SELECT participant_id FROM identities "
                            "WHERE kind = 'cookie' AND subject_sha256 = :hash",
                            hash)
      .value_or("");
}

}  // namespace

std::string SqlParticipants::find(std::string_view secret) {
  const std::string hash = sha256_hex(secret);
  return database_.use([&](soci::session& sql) { return holder_of(sql, hash); });
}

std::string SqlParticipants::ensure(std::string_view secret) {
  const std::string hash = sha256_hex(secret);
  std::string found = database_.use([&](soci::session& sql) { return holder_of(sql, hash); });
  if (!found.empty()) return found;
  const std::string id = new_id("par", clock_);
  const long long now = clock_.now_ms();
  return database_.transact([&](soci::session& sql) {
    change(sql, "INSERT INTO participants(id, created_ms) VALUES (:id, :now)", id, now);
    change(sql,
           "INSERT INTO identities(kind, subject_sha256, participant_id, created_ms) "
           "VALUES ('cookie', :hash, :id, :now) ON CONFLICT (kind, subject_sha256) DO NOTHING",
           hash, id, now);
    // Another request with the same new cookie may have been faster.
    const std::string holder = holder_of(sql, hash);
    if (holder != id) change(sql, "DELETE FROM participants WHERE id = :id", id);
    return holder;
  });
}

}  // namespace parley::store
