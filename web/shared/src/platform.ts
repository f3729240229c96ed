// How this machine's keyboard names the key for shortcuts.
export const kMac = /Mac|iPhone|iPad/.test(navigator.platform);
export const kMod = kMac ? '⌘' : 'Ctrl';
