// Starts Debian's Chromium, and what every test needs of a page.
import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';

export const kChromium = process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium';

export async function launch() {
  if (!existsSync(kChromium)) {
    throw new Error(`There is no browser at ${kChromium}. Install Debian's package chromium, or set PARLEY_CHROMIUM.`);
  }
  return chromium.launch({
    executablePath: kChromium,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb'],
  });
}

export const kDesktop = { viewport: { width: 1280, height: 800 } };
export const kPhone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
