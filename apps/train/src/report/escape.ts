const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text for an HTML element or a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter)

/** JSON for a `<script type="application/json">`: no text in it can end the element. */
export const escapeJson = (value: unknown): string => JSON.stringify(value).replace(/</g, '\\u003c')
