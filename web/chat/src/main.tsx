import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/sidebar.css';
import './styles/messages.css';
import './styles/markdown.css';
import './styles/composer.css';
import './styles/overlays.css';
import { render } from 'preact';
import { App } from './app';
import { load_config } from './state/config';
import { on_restored, watch_network } from './state/connection';
import { watch_address } from './state/route';
import { watch_theme } from './state/theme';
import { load_threads, watch_threads } from './state/threads';
import { watch_screen } from './state/ui';

watch_theme();
watch_screen();
watch_address();
watch_network();
watch_threads();
on_restored(load_config);
void load_config().then(load_threads);

const root = document.getElementById('app');
if (root) render(<App />, root);
