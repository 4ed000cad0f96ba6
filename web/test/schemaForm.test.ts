import { describe, expect, test } from "vitest";
import { changesOf, countOf } from "../app/settings/formDraft";
import { withMember } from "../ui/members";
import {
  complaintsOf,
  fieldsOf,
  groupsOf,
  settingsOf,
  valuesOf,
  type JsonSchema,
} from "../app/settings/channels/schemaForm";

const schema: JsonSchema = {
  title: "Account",
  type: "object",
  properties: {
    address: {
      title: "Address",
      description: "Where customers write.",
      type: "string",
      pattern: "^[^@\\s]+@[^@\\s]+$",
    },
    in_host: { title: "Server", anyOf: [{ type: "string" }, { type: "null" }], default: null },
    in_port: { title: "Port", type: "integer", minimum: 1, maximum: 65535, default: 993 },
    in_security: { title: "Security", enum: ["none", "tls"], default: "tls" },
    in_password: { title: "Password", type: "string", format: "password", default: "" },
    sites: { title: "Sites", type: "array", items: { type: "string", pattern: "^https?://" }, default: [] },
    minutes: {
      anyOf: [{ title: "Usual time", type: "integer", minimum: 1, maximum: 1440 }, { type: "null" }],
      default: null,
    },
    shade: { $ref: "#/$defs/Shade" },
    delete_after: { title: "Delete", type: "boolean", default: false },
  },
  required: ["address"],
  $defs: { Shade: { enum: ["warm", "cold"] } },
};
const fields = fieldsOf(schema);
const field = (name: string) => fields.find((one) => one.name === name)!;

describe("a schema becomes a form", () => {
  test("each field gets the control its type asks for", () => {
    expect(Object.fromEntries(fields.map((one) => [one.name, one.control]))).toEqual({
      address: "text",
      in_host: "text",
      in_port: "number",
      in_security: "choice",
      in_password: "secret",
      sites: "lines",
      minutes: "number",
      shade: "choice",
      delete_after: "switch",
    });
  });
  test("title, help and limits are found inside unions and references too", () => {
    expect(field("minutes")).toMatchObject({ title: "Usual time", min: 1, max: 1440, nullable: true, required: false });
    expect(field("shade")).toMatchObject({ title: "Shade", options: ["warm", "cold"] });
    expect(field("address")).toMatchObject({ help: ["Where customers write."], required: true });
  });
  test("three or more neighbours with the same prefix form a group", () => {
    expect(groupsOf(fields).map((group) => [group.title, group.fields.length])).toEqual([
      [null, 1],
      ["IN", 4],
      [null, 4],
    ]);
  });
});

describe("settings become form values, and back", () => {
  test("a new form shows the presets", () => {
    expect(valuesOf(fields)).toEqual({
      address: "",
      in_host: "",
      in_port: 993,
      in_security: "tls",
      in_password: "",
      sites: "",
      minutes: "",
      shade: "warm",
      delete_after: false,
    });
  });
  test("a secret is never shown again, and is left out when it stays unchanged", () => {
    const values = valuesOf(fields, { address: "a@b.example", in_password: "hunter2" });
    expect(values.in_password).toBe("");
    expect(settingsOf(fields, values)).not.toHaveProperty("in_password");
    expect(settingsOf(fields, { ...values, in_password: " new secret " })).toMatchObject({
      in_password: " new secret ",
    });
  });
  test("sent values have the types of the schema", () => {
    const typed = {
      ...valuesOf(fields),
      address: " a@b.example ",
      in_port: "143",
      sites: "https://one.example\n\n https://two.example ",
      delete_after: true,
    };
    expect(settingsOf(fields, typed)).toEqual({
      address: "a@b.example",
      in_host: null,
      in_port: 143,
      in_security: "tls",
      sites: ["https://one.example", "https://two.example"],
      minutes: null,
      shade: "warm",
      delete_after: true,
    });
  });
  test("saved values return unchanged", () => {
    const saved = {
      address: "a@b.example",
      in_host: "mail.b.example",
      in_port: 143,
      in_security: "none",
      sites: ["https://one.example"],
      minutes: 5,
      shade: "cold",
      delete_after: true,
    };
    expect(settingsOf(fields, valuesOf(fields, saved))).toEqual(saved);
  });
});

describe("errors are shown before the server is asked", () => {
  const wrong = (change: object, saved: string[] = []) =>
    complaintsOf(fields, { ...valuesOf(fields), address: "a@b.example", ...change }, saved);
  test("a complete form has no complaint", () => expect(wrong({})).toEqual({}));
  test("a required field is missed", () =>
    expect(wrong({ address: "  " })).toEqual({ address: { word: "fieldMissing" } }));
  test("a number has to be whole and within its limits", () => {
    expect(wrong({ in_port: 70000 })).toEqual({ in_port: { word: "fieldBetween", min: 1, max: 65535 } });
    expect(wrong({ minutes: "1.5" })).toEqual({ minutes: { word: "fieldNumber" } });
  });
  test("a pattern holds for the text and for each line", () => {
    expect(wrong({ address: "nobody" })).toEqual({ address: { word: "fieldForm" } });
    expect(wrong({ sites: "https://one.example\ntwo.example" })).toEqual({ sites: { word: "fieldForm" } });
  });
  test("a required secret that is saved need not be typed again", () => {
    const secret = fieldsOf({ properties: { token: { type: "string", format: "password" } }, required: ["token"] });
    expect(complaintsOf(secret, { token: "" })).toEqual({ token: { word: "fieldMissing" } });
    expect(complaintsOf(secret, { token: "" }, ["token"])).toEqual({});
  });
});

describe("a draft beside the saved values", () => {
  test("only changed fields are sent", () => {
    expect(changesOf({ name: "A", teams: ["x"], on: true }, { name: "B", teams: ["x"], on: true })).toEqual({
      name: "B",
    });
    expect(countOf({ name: "A", teams: ["x"] }, { name: "B", teams: [] })).toBe(2);
  });
  test("a member goes in and out without changing the order", () => {
    expect(withMember(["a", "b", "c"], ["c"], "a", true)).toEqual(["a", "c"]);
    expect(withMember(["a", "b", "c"], ["a", "c"], "a", false)).toEqual(["c"]);
  });
});
