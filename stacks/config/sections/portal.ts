import { z } from "zod";

/** Languages of Homepage (public/locales of gethomepage/homepage, 1.12.3). */
const languages = [
  ...[
    "af",
    "ar",
    "bg",
    "ca",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "eo",
    "es",
    "eu",
    "fi",
    "fr",
    "he",
    "hi",
    "hr",
    "hu",
  ],
  ...[
    "id",
    "it",
    "ja",
    "ko",
    "lv",
    "ms",
    "nb-NO",
    "nl",
    "no",
    "pl",
    "pt",
    "pt-BR",
    "ro",
    "ru",
    "sk",
    "sl",
    "sr",
  ],
  ...["sv", "te", "th", "tr", "uk", "vi", "yue", "zh-Hans", "zh-Hant"],
] as const;

const bookmark = z.strictObject({
  group: z.string().trim().min(1).max(60).describe("Heading it stands under."),
  title: z.string().trim().min(1).max(60),
  url: z
    .url({ protocol: /^https?$/, error: "write a whole address, as in https://example.com" })
    .describe("Where it leads."),
  icon: z
    .string()
    .min(1)
    .optional()
    .describe("Name in the dashboard-icons collection. Default: two letters."),
});

/** The start page. What is on its tiles comes from the records. */
export const portalSection = z
  .strictObject({
    title: z.string().trim().min(1).max(60).optional().describe("Default: the domain."),
    language: z.enum(languages).default("en"),
    bookmarks: z.array(bookmark).default([]).describe("Links of your own, below the tiles."),
  })
  .default({ language: "en", bookmarks: [] });
