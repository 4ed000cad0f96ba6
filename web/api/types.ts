/** Names for all data exchanged between the browser and the hub: taken from schema.d.ts, none written by hand. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** Responses and frames contain every field; in the schema, fields with a default are optional. */
type Sent<T> = T extends readonly (infer U)[]
  ? Sent<U>[]
  : T extends object
    ? { [K in keyof T]-?: Sent<Exclude<T[K], undefined>> }
    : T;

export type Id = Schemas["Row"]["id"]; // a UUID
export type Instant = Schemas["Row"]["last_at"]; // RFC 3339, UTC
export type Direction = Schemas["Direction"];
export type Intent = Schemas["Me"]["intent"];
export type Right = Schemas["Right"];
export type Role = Schemas["Role"];
export type State = Schemas["State"];
export type Status = Schemas["Status"];
export type ErrorCode = Schemas["ErrorCode"];
export type Reason = Schemas["Reason"];
export type Theme = Schemas["Me"]["theme"];

// The signed-in agent
export type Me = Sent<Schemas["Me"]>;
export type MeChange = Schemas["MeChange"];
export type LinkItem = Sent<Schemas["LinkLook"]>;
export type SessionItem = Sent<Schemas["SessionItem"]>;

// The inbox
export type Row = Sent<Schemas["Row"]>;
export type Mine = Sent<Schemas["Mine"]>;
export type Listed = Sent<Schemas["Listed"]>;
export type ConversationPage = Sent<Schemas["ConversationPage"]>;
export type ConversationDetail = Sent<Schemas["ConversationDetail"]>;
export type DraftItem = Sent<Schemas["DraftItem"]>;
export type Reach = Sent<Schemas["Reach"]>;
export type Counts = Sent<Schemas["Counts"]>;
export type AgentItem = Sent<Schemas["AgentItem"]>;
export type TeamItem = Sent<Schemas["TeamItem"]>;
export type ChannelItem = Sent<Schemas["ChannelItem"]>;
export type Appearance = Sent<Schemas["Appearance"]>;
export type Colour = Schemas["Colour"];
export type Capabilities = Sent<Schemas["Capabilities"]>;
export type InboxState = Sent<Schemas["InboxState"]>;

// Timelines
export type Author = Sent<Schemas["Author"]>;
export type AttachmentItem = Sent<Schemas["AttachmentItem"]>;
export type MessageItem = Sent<Schemas["MessageItem"]>;
export type EventItem = Sent<Schemas["EventItem"]>;
export type Item = Sent<Schemas["Item"]>;
export type Event = Sent<Schemas["Event"]>;
export type TimelinePage = Sent<Schemas["TimelinePage"]>;
export type TakenBack = Sent<Schemas["TakenBack"]>;
export type FullText = Sent<Schemas["FullText"]>;

// The agents' websocket
export type Frame = Sent<Schemas["Frame"]>;
export type Happened = Sent<Schemas["Happened"]>;
export type Writing = Sent<Schemas["Writing"]>;
export type Command = Schemas["Command"];

// Customers
export type ContactName = Sent<Schemas["ContactName"]>;
export type ContactDetail = Sent<Schemas["ContactItem"]>;
export type PointItem = Sent<Schemas["PointItem"]>;
export type SearchResult = Sent<Schemas["Found"]>;

// Settings
export type AgentAdmin = Sent<Schemas["AgentAdmin"]>;
export type AgentMade = Sent<Schemas["AgentMade"]>;
export type TeamAdmin = Sent<Schemas["TeamAdmin"]>;
export type TokenItem = Sent<Schemas["TokenItem"]>;
export type TokenMade = Sent<Schemas["TokenMade"]>;
export type ChannelAdmin = Sent<Schemas["ChannelAdmin"]>;
export type Health = Sent<Schemas["Health"]>;
export type Kind = Sent<Schemas["Kind"]>;
export type Verdict = Sent<Schemas["Verdict"]>;

// Deliveries
export type ArrivalItem = Sent<Schemas["ArrivalItem"]>;
export type ArrivalPage = Sent<Schemas["ArrivalPage"]>;
export type DeliveryItem = Sent<Schemas["DeliveryItem"]>;
export type DeliveryPage = Sent<Schemas["DeliveryPage"]>;
export type HistoryLine = Sent<Schemas["HistoryLine"]>;

// The chat widget
export type VisitorFrame = Sent<Schemas["ToVisitor"]>;
export type VisitorCommand = Schemas["FromVisitor"];
export type ChatMessage = Sent<Schemas["ChatMessage"]>;
export type ChatFile = Sent<Schemas["ChatFile"]>;
export type ChatConfig = Sent<Schemas["Config"]>;
export type ChatWelcome = Sent<Schemas["Welcome"]>;
export type ChatRefusal = Sent<Schemas["Refused"]>;
export type SignedIdentity = Schemas["SignedIdentity"];

// The demo
export type DemoState = Sent<Schemas["DemoState"]>;
export type DemoMail = Sent<Schemas["Mail"]>;
