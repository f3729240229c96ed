// A new chat: who the assistant is, and what one could ask first.
import { assistant_name, config } from '@parley/shared/state/config';
import type { Conversation } from '@parley/shared/state/conversation';
import { ask } from '../state/turns';
import { Avatar } from './avatar';

export function Welcome({ conversation }: { conversation: Conversation }) {
  const assistant = config.value?.assistant;
  return (
    <section class="welcome" aria-labelledby="welcome-name">
      <Avatar size="large" />
      <h2 id="welcome-name">{assistant_name.value}</h2>
      {assistant?.tagline ? <p class="tagline">{assistant.tagline}</p> : null}
      {assistant?.greeting ? (
        <p class="greeting" dir="auto">
          {assistant.greeting}
        </p>
      ) : null}
      {assistant?.suggestions.length ? (
        <ul class="suggestions" aria-label="Questions to start with">
          {assistant.suggestions.slice(0, 4).map((suggestion) => (
            <li key={suggestion}>
              <button type="button" class="suggestion" dir="auto" onClick={() => ask(conversation, suggestion)}>
                {suggestion}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
