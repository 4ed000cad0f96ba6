import { expect, test } from "vitest";
import { routes } from "../app/shell/features";
import { pagesOf } from "../app/shell/pages";

const component = {};

test("the server's list of pages has every route of every feature", () => {
  const pages = pagesOf(routes);
  expect(pages).toEqual(expect.arrayContaining(["/", "/inbox/:view", "/inbox/:view/:of", "/c/:id", "/sign-in/link"]));
  expect(pages).toEqual(expect.arrayContaining(["/settings", "/settings/channels/:id", "/profile", "/deliveries"]));
});

test("children follow their parent, and a catch-all route is no page", () => {
  const children = [
    { path: "", component },
    { path: "b/:id?", component },
  ];
  expect(pagesOf([{ path: "/a", component, children }])).toEqual(["/a", "/a/b", "/a/b/:id"]);
  expect(() => pagesOf([{ path: "/:rest(.*)*", component }])).toThrow(/only words/);
});
