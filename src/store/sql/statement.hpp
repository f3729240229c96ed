// A statement, its values and its rows in one call, typed throughout: SOCI's dynamic rows cut
// SQLite's integers to 32 bits. Values are given in the order of the statement's `:names`; a name
// stands once.
#pragma once

#include <soci/soci.h>

#include <optional>
#include <string>
#include <utility>

// A column that may be NULL.
template <>
struct soci::type_conversion<std::optional<std::string>> {
  using base_type = std::string;
  static void from_base(const std::string& in, soci::indicator state,
                        std::optional<std::string>& out) {
    out = state == soci::i_null ? std::nullopt : std::optional<std::string>(in);
  }
  static void to_base(const std::optional<std::string>& in, std::string& out,
                      soci::indicator& state) {
    out = in.value_or("");
    state = in ? soci::i_ok : soci::i_null;
  }
};

namespace parley::store {

// Runs a statement; gives how many rows it changed (cascades not counted).
template <typename... Values>
long long change(soci::session& sql, const std::string& text, const Values&... values) {
  soci::statement statement(sql);
  (statement.exchange(soci::use(values)), ...);
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute(true);
  return statement.get_affected_rows();
}

// Runs a query and calls `each()` for every row, which then lies in `row`. Row has
// bind(soci::statement&), which names where its columns go.
template <typename Row, typename Each, typename... Values>
void query(soci::session& sql, const std::string& text, Row& row, const Each& each,
           const Values&... values) {
  soci::statement statement(sql);
  row.bind(statement);
  (statement.exchange(soci::use(values)), ...);
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute(false);
  while (statement.fetch()) each();
}

// The one column of the first row, if there is one.
template <typename Value, typename... Values>
std::optional<Value> first(soci::session& sql, const std::string& text, const Values&... values) {
  struct Column {
    Value value{};
    void bind(soci::statement& statement) { statement.exchange(soci::into(value)); }
  } column;
  std::optional<Value> found;
  query(sql, text, column, [&] { found = column.value; }, values...);
  return found;
}

}  // namespace parley::store
