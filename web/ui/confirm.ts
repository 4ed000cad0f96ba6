/** A question before something is destroyed: `if (await ask({…}))`; AskWindow.vue shows it. */
import { shallowRef } from "vue";

export interface Question {
  title: string;
  text: string;
  action: string;
  points?: string[];
}

export const question = shallowRef<Question | null>(null);
let settle: (yes: boolean) => void = () => undefined;

export function ask(asked: Question): Promise<boolean> {
  settle(false);
  question.value = asked;
  return new Promise((resolve) => {
    settle = resolve;
  });
}

export function answer(yes: boolean): void {
  question.value = null;
  settle(yes);
  settle = () => undefined;
}
