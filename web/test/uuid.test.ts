import { expect, test } from "vitest";
import { uuid } from "../text/uuid";

test("a UUID is a version 4 one", () => {
  expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
