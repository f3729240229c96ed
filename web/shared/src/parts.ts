// The typed parts of a message. Generated from src/message/part.hpp, not written by hand.

// What is said, as Markdown.
export interface TextPart {
  type: 'text';
  text: string; // The words
}

// What a model thought before it answered; never read back to it.
export interface ReasoningPart {
  type: 'reasoning';
  text: string; // The thoughts, as plain text
}

// A tool that the assistant asks to be run.
export interface ToolCallPart {
  type: 'tool_call';
  id: string; // What the result names; unlike every other in the conversation
  name: string; // The tool
  arguments: string; // A JSON object, as text
}

// What a tool gave back.
export interface ToolResultPart {
  type: 'tool_result';
  call_id: string; // The id of the call
  text: string; // What it gave, as the model reads it
  failed: boolean; // The tool could not do what was asked; text says why
}

// What the service has to say about the message; not the assistant's words.
export interface NoticePart {
  type: 'notice';
  code: string; // Which notice it is, for programs: lower case words joined by _
  text: string; // The notice, for people
}

export type Part = TextPart | ReasoningPart | ToolCallPart | ToolResultPart | NoticePart;

// The field of a part that grows while a reply is being written.
export const kGrows = {
  text: 'text',
  reasoning: 'text',
  tool_call: 'arguments',
} as const;

// Between two parts of a message's plain text.
export const kPartGap = '\n\n';
