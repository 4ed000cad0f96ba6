export const inbox = { viewMine: "My inbox" } as const;
