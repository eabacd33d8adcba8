import { z } from 'zod';
import type { SettingName } from './gateway-config.ts';
import { settingSchemas } from './setting-schemas.ts';
import { settingNames, settingWords } from './setting-words.ts';

/** The JSON Schema of a configuration file. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const properties = Object.fromEntries(settingNames.map((name) => [name, propertySchema(name)]));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of sealpart gateway',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...properties },
    additionalProperties: false,
  };
}

function propertySchema(name: SettingName): Readonly<Record<string, unknown>> {
  const { about, expected, fallback } = settingWords[name];
  const { $schema: _, ...described } = z.toJSONSchema(settingSchemas[name], { io: 'input' });
  const description = `${about}. Expected: ${expected}.`;
  return { ...described, description, ...(fallback === undefined ? {} : { default: fallback }) };
}
