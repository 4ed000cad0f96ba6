/** The one place that knows channels by their kind: icon, colour and name; a kind not listed gets the speech bubble. */
import { Mail, MessageCircle, MessageSquare, Phone, Send, Smartphone } from "@lucide/vue";
import type { Component } from "vue";

export interface ChannelLook {
  icon: Component;
  colour: string;
  en?: string;
  es?: string;
}

const looks: Record<string, ChannelLook> = {
  email: { icon: Mail, colour: "text-blue", en: "Email", es: "Correo" },
  webchat: { icon: MessageCircle, colour: "text-accent", en: "Web chat", es: "Chat web" },
  sms: { icon: Smartphone, colour: "text-violet", en: "SMS", es: "SMS" },
  voice: { icon: Phone, colour: "text-orange", en: "Voice", es: "Voz" },
  telegram: { icon: Send, colour: "text-blue", en: "Telegram", es: "Telegram" },
  whatsapp: { icon: MessageCircle, colour: "text-green", en: "WhatsApp", es: "WhatsApp" },
};

const other: ChannelLook = { icon: MessageSquare, colour: "text-ink2" };

export const lookOf = (kind: string | null): ChannelLook => (kind ? looks[kind] : undefined) ?? other;
export const kindName = (kind: string, language: "en" | "es"): string =>
  looks[kind]?.[language] ?? kind.charAt(0).toUpperCase() + kind.slice(1);
