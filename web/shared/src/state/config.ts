// Who the assistant is, as the server says.
import { computed, signal } from '@preact/signals-core';
import { api, type Config } from '../api';
import { guarded } from './connection';

export const config = signal<Config | null>(null);
export const assistant_name = computed(() => config.value?.assistant.name || 'Assistant');

export async function load_config(): Promise<void> {
  try {
    config.value = (await guarded(() => api.config())) ?? config.value;
  } catch {
    // The chat works without a greeting.
  }
}

// "13.9 M parameters"
export function model_size(parameters: number): string {
  if (!(parameters > 0)) return '';
  const units: [number, string][] = [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'K'],
  ];
  const unit = units.find(([size]) => parameters >= size);
  if (!unit) return `${parameters} parameters`;
  const value = parameters / unit[0];
  return `${value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${unit[1]} parameters`;
}
