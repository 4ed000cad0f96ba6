/** The one place that knows channels by their kind: icon and colour; a kind not listed gets the speech bubble. */
import { Mail, MessageCircle, MessageSquare, Phone, Send, Smartphone } from "@lucide/vue";
import type { Component } from "vue";

export interface ChannelLook { icon: Component; colour: string }

const looks: Record<string, ChannelLook> = {
  email: { icon: Mail, colour: "text-blue" },
  webchat: { icon: MessageCircle, colour: "text-accent" },
  sms: { icon: Smartphone, colour: "text-violet" },
  voice: { icon: Phone, colour: "text-orange" },
  telegram: { icon: Send, colour: "text-blue" },
  whatsapp: { icon: MessageCircle, colour: "text-green" },
};

const other: ChannelLook = { icon: MessageSquare, colour: "text-ink2" };

export const lookOf = (kind: string | null): ChannelLook => (kind ? looks[kind] : undefined) ?? other;
