/** Converts a JSON schema to the fields of a form, and the typed values back to settings. Pure. */

export interface JsonSchema {
  title?: string;
  description?: string;
  type?: string;
  format?: string;
  enum?: (string | number)[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}
export type Control = "text" | "secret" | "number" | "choice" | "switch" | "lines";
export type Value = string | number | boolean | null;
export interface FieldSpec {
  name: string;
  title: string;
  help: string[];
  control: Control;
  required: boolean;
  nullable: boolean;
  options: string[];
  min?: number;
  max?: number;
  maxLength?: number;
  pattern?: string;
  preset: unknown;
}
export interface FieldGroup {
  title: string | null;
  fields: FieldSpec[];
}
export interface Complaint {
  word: "fieldMissing" | "fieldNumber" | "fieldBetween" | "fieldForm";
  min?: number;
  max?: number;
}

const TOGETHER = 3; // this many fields with one prefix get a heading of their own

export function fieldsOf(schema: JsonSchema): FieldSpec[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, raw]) =>
    fieldOf(name, raw, schema.$defs ?? {}, required.has(name)),
  );
}

function fieldOf(name: string, raw: JsonSchema, definitions: Record<string, JsonSchema>, required: boolean): FieldSpec {
  const flat = flatten(raw, definitions);
  return {
    name,
    title: flat.title ?? spelled(name),
    help: [flat.description, flat.items?.description].filter((one) => one !== undefined),
    control: controlOf(flat),
    required,
    nullable: isNullable(raw),
    options: (flat.enum ?? []).map(String),
    min: flat.minimum,
    max: flat.maximum,
    maxLength: flat.maxLength,
    pattern: flat.pattern ?? flat.items?.pattern,
    preset: raw.default ?? flat.default ?? null,
  };
}

const isNullable = (raw: JsonSchema): boolean => raw.anyOf?.some((one) => one.type === "null") ?? false;

/** Resolves references and "this or null" into one schema. */
function flatten(raw: JsonSchema, definitions: Record<string, JsonSchema>): JsonSchema {
  const referred = raw.$ref ? definitions[raw.$ref.split("/").pop() ?? ""] : undefined;
  const chosen = raw.anyOf?.find((one) => one.type !== "null");
  const inner = referred ?? chosen;
  return inner ? { ...flatten(inner, definitions), ...raw } : raw;
}

function controlOf(field: JsonSchema): Control {
  if (field.format === "password") return "secret";
  if (field.enum) return "choice";
  if (field.type === "boolean") return "switch";
  if (field.type === "integer" || field.type === "number") return "number";
  return field.type === "array" ? "lines" : "text";
}

const spelled = (name: string): string => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");
const prefixOf = (name: string): string => (name.includes("_") ? name.slice(0, name.indexOf("_")) : name);

/** Groups neighbours with the same prefix (imap_host, imap_port, …). */
export function groupsOf(fields: readonly FieldSpec[]): FieldGroup[] {
  const count = new Map<string, number>();
  for (const field of fields) count.set(prefixOf(field.name), (count.get(prefixOf(field.name)) ?? 0) + 1);
  const groups: FieldGroup[] = [];
  for (const field of fields) {
    const prefix = prefixOf(field.name);
    const title = (count.get(prefix) ?? 0) >= TOGETHER ? prefix.toUpperCase() : null;
    const last = groups.at(-1);
    if (last && last.title === title) last.fields.push(field);
    else groups.push({ title, fields: [field] });
  }
  return groups;
}

/** The initial values: saved settings, else the defaults of the schema; secrets are never sent to the browser. */
export function valuesOf(
  fields: readonly FieldSpec[],
  settings: Readonly<Record<string, unknown>> = {},
): Record<string, Value> {
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(field, settings[field.name] ?? field.preset)]));
}

function valueOf(field: FieldSpec, known: unknown): Value {
  if (field.control === "secret") return "";
  if (field.control === "switch") return known === true;
  if (field.control === "lines") return Array.isArray(known) ? known.join("\n") : "";
  if (field.control === "number") return typeof known === "number" ? known : "";
  if (field.control === "choice")
    return typeof known === "string" || typeof known === "number" ? String(known) : (field.options[0] ?? "");
  return typeof known === "string" ? known : "";
}

const linesOf = (value: Value): string[] =>
  String(value ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
const isEmpty = (value: Value | undefined): boolean =>
  value === null || value === undefined || String(value).trim() === "";

/** The values to send: an empty secret is left out (it stays unchanged), an empty optional field is null. */
export function settingsOf(
  fields: readonly FieldSpec[],
  values: Readonly<Record<string, Value>>,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values[field.name] ?? null;
    if (field.control === "secret" && isEmpty(value)) continue;
    settings[field.name] = settingOf(field, value);
  }
  return settings;
}

function settingOf(field: FieldSpec, value: Value): unknown {
  if (field.control === "switch") return value === true;
  if (field.control === "lines") return linesOf(value);
  if (field.control === "secret") return value;
  if (isEmpty(value)) return field.nullable || field.control === "number" ? null : "";
  if (field.control === "number") return Number(value);
  return String(value).trim();
}

/** The errors found without the server; a secret that is already saved may stay empty. */
export function complaintsOf(
  fields: readonly FieldSpec[],
  values: Readonly<Record<string, Value>>,
  saved: readonly string[] = [],
): Record<string, Complaint> {
  const found: Record<string, Complaint> = {};
  for (const field of fields) {
    const complaint = complaintOf(field, values[field.name] ?? null, saved.includes(field.name));
    if (complaint) found[field.name] = complaint;
  }
  return found;
}

function complaintOf(field: FieldSpec, value: Value, saved: boolean): Complaint | null {
  if (field.control === "switch") return null;
  if (isEmpty(value)) return field.required && !saved ? { word: "fieldMissing" } : null;
  if (field.control === "number") return numberComplaint(field, Number(value));
  const parts = field.control === "lines" ? linesOf(value) : [String(value).trim()];
  return field.pattern && !parts.every((part) => matches(field.pattern!, part)) ? { word: "fieldForm" } : null;
}

function numberComplaint(field: FieldSpec, value: number): Complaint | null {
  if (!Number.isInteger(value)) return { word: "fieldNumber" };
  const { min = -Infinity, max = Infinity } = field;
  if (value >= min && value <= max) return null;
  return Number.isFinite(min) && Number.isFinite(max) ? { word: "fieldBetween", min, max } : { word: "fieldNumber" };
}

/** A pattern this browser cannot read is left to the server. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}
