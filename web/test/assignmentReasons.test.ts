import { describe, expect, it } from "vitest";
import { reasonsWords, reasonWords } from "../app/inbox/thread/assignmentReasons";
import { switchLanguage } from "../ui/i18n";

describe("why a conversation went to whom", () => {
  it("is said in words", () => {
    expect(reasonsWords(["member_of:Support", "room:3/8", "least_loaded:5/8"])).toBe(
      "in the team Support · 3 of 8 places free · the least busy, 5 of 8 places taken",
    );
    expect(reasonWords("longest_idle:120s")).toContain("2m");
    expect(reasonWords("owner_gone")).toBe("the previous assignee is off work");
  });
  it("keeps a team's name whole", () => expect(reasonWords("member_of:VIP: 24/7")).toBe("in the team VIP: 24/7"));
  it("is shown as it is when the code is unknown", () => {
    for (const code of ["skill:es", "room:", "toString", "longest_idle:soon"]) expect(reasonWords(code)).toBe(code);
  });
  it("is said in Spanish", async () => {
    await switchLanguage("es");
    expect(reasonWords("only_one_free")).toBe("la única persona con capacidad");
    await switchLanguage("en");
  });
});
