/** The two channels between the window and main (DESIGN section 5): requests with answers, and what main tells by itself. */
export const INVOKE_CHANNEL = 'stillwave:invoke'
export const PUSH_CHANNEL = 'stillwave:push'
