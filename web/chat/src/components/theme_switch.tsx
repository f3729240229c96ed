import { theme, type Theme } from '../state/theme';
import { MoonIcon, SunIcon, SystemIcon } from './icons';

const kThemes: { value: Theme; label: string; Icon: typeof SunIcon }[] = [
  { value: 'light', label: 'Light', Icon: SunIcon },
  { value: 'system', label: 'As the system', Icon: SystemIcon },
  { value: 'dark', label: 'Dark', Icon: MoonIcon },
];

export function ThemeSwitch() {
  return (
    <fieldset class="theme-switch">
      <legend class="visually-hidden">Colours</legend>
      {kThemes.map(({ value, label, Icon }) => (
        <label key={value} title={label}>
          <input
            type="radio"
            name="theme"
            value={value}
            checked={theme.value === value}
            onChange={() => (theme.value = value)}
          />
          <Icon />
          <span class="visually-hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
