#include "prompt/jinja/values/strftime.hpp"

#include <chrono>

namespace parley::text::jinja {
namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

struct Time {
  std::int64_t ms;
  int year, month, day, hour, minute, second, weekday,
      year_day;  // weekday from Sunday, both from 0
};

Time split(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds(ms)};
  const auto days_since = floor<days>(point);
  const year_month_day date(days_since);
  const hh_mm_ss clock(floor<seconds>(point - days_since));
  const auto new_year = sys_days(date.year() / January / 1);
  return {ms,
          static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(weekday(days_since).c_encoding()),
          static_cast<int>((days_since - new_year).count())};
}

struct IsoWeek {
  int year, week;
};

IsoWeek iso_week(const Time& t) {
  using namespace std::chrono;
  const auto weeks_in =
      [](int y) {  // 53 where January 1 is a Thursday, or of a leap year's, Wednesday
        const unsigned first = weekday(sys_days(year(y) / January / 1)).c_encoding();
        return first == 4 || (first == 3 && year(y).is_leap()) ? 53 : 52;
      };
  const int monday_based = (t.weekday + 6) % 7 + 1;
  const int week = (t.year_day + 1 - monday_based + 10) / 7;
  if (week < 1) return {t.year - 1, weeks_in(t.year - 1)};
  if (week > weeks_in(t.year)) return {t.year + 1, 1};
  return {t.year, week};
}

std::string number(std::int64_t value, std::size_t width, char fill) {
  std::string out = std::to_string(value);
  if (fill != '-' && out.size() < width) out.insert(0, width - out.size(), fill);
  return out;
}

void append(std::string& out, const Time& t, char what, char flag) {
  const auto put = [&](std::int64_t value, std::size_t width, char fill = '0') {
    out += number(value, width, flag == 0 ? fill : flag == '_' ? ' ' : flag);
  };
  const auto compose = [&](std::string_view format) { out += strftime_utc(format, t.ms); };
  const int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
  const auto month = static_cast<std::size_t>(t.month - 1);
  switch (what) {
    case 'a':
      out += kDays[t.weekday].substr(0, 3);
      return;
    case 'A':
      out += kDays[t.weekday];
      return;
    case 'b':
    case 'h':
      out += kMonths[month].substr(0, 3);
      return;
    case 'B':
      out += kMonths[month];
      return;
    case 'c':
      return compose("%a %b %e %H:%M:%S %Y");
    case 'C':
      return put(t.year / 100, 2);
    case 'd':
      return put(t.day, 2);
    case 'D':
    case 'x':
      return compose("%m/%d/%y");
    case 'e':
      return put(t.day, 2, ' ');
    case 'f':
      return put((t.ms % 1000 + 1000) % 1000 * 1000, 6);
    case 'F':
      return compose("%Y-%m-%d");
    case 'g':
      return put(iso_week(t).year % 100, 2);
    case 'G':
      return put(iso_week(t).year, 4);
    case 'H':
      return put(t.hour, 2);
    case 'I':
      return put(hour12, 2);
    case 'j':
      return put(t.year_day + 1, 3);
    case 'k':
      return put(t.hour, 2, ' ');
    case 'l':
      return put(hour12, 2, ' ');
    case 'm':
      return put(t.month, 2);
    case 'M':
      return put(t.minute, 2);
    case 'n':
      out += '\n';
      return;
    case 'p':
      out += t.hour < 12 ? "AM" : "PM";
      return;
    case 'P':
      out += t.hour < 12 ? "am" : "pm";
      return;
    case 'r':
      return compose("%I:%M:%S %p");
    case 'R':
      return compose("%H:%M");
    case 's':
      return put((t.ms - (t.ms % 1000 + 1000) % 1000) / 1000, 1);
    case 'S':
      return put(t.second, 2);
    case 't':
      out += '\t';
      return;
    case 'T':
    case 'X':
      return compose("%H:%M:%S");
    case 'u':
      return put(t.weekday == 0 ? 7 : t.weekday, 1);
    case 'U':
      return put((t.year_day + 7 - t.weekday) / 7, 2);
    case 'V':
      return put(iso_week(t).week, 2);
    case 'w':
      return put(t.weekday, 1);
    case 'W':
      return put((t.year_day + 7 - (t.weekday + 6) % 7) / 7, 2);
    case 'y':
      return put(t.year % 100, 2);
    case 'Y':
      return put(t.year, 4);
    case 'z':
    case 'Z':
      return;  // of a time without a zone, as Python's datetime.now() is
    case '%':
      out += '%';
      return;
    default:
      out += '%';
      if (flag != 0) out += flag;
      out += what;
  }
}

}  // namespace

std::string strftime_utc(std::string_view format, std::int64_t ms) {
  const Time time = split(ms);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    char flag = 0;
    ++i;
    const bool flagged = format[i] == '-' || format[i] == '_' || format[i] == '0';
    if (flagged && i + 1 < format.size()) flag = format[i++];
    append(out, time, format[i], flag);
  }
  return out;
}

}  // namespace parley::text::jinja
