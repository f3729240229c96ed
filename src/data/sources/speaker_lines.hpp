// Conversations written as text: lines that begin with who speaks.
//     **Customer:** My parcel is late.
//     **Agent:** I am sorry. Which number has it?
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/sources/chunk.hpp"
#include "data/sources/speakers.hpp"

namespace parley::data {

struct SpeakerLines {
  std::vector<OwnedRecord> conversations;  // empty: the text is a document
  std::string note;  // what was recognised, or what could be and how to say it; may be empty
};

// Reads a Markdown or plain text as conversations if it begins, headings aside, with a speaker's
// line, and both the user and the assistant speak in it under names that are known or mapped. A
// heading or a line of --- between turns ends a conversation. Else nothing, and a note if speakers
// are seen in it all the same: prose with a colon here and there gives none.
SpeakerLines read_speaker_lines(std::string_view text, bool markdown, const Speakers& speakers);

}  // namespace parley::data
