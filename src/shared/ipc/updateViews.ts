/** What is known of newer versions. */
export type UpdateState =
  /** Nobody has asked since the start. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'current' }
  /** `address` is where the packages of `version` lie. */
  | { readonly kind: 'newer'; readonly version: string; readonly address: string }
  /** `detail` names the host and what it did. */
  | { readonly kind: 'failed'; readonly detail: string }

export interface UpdatesView {
  /** The host that is asked; null where this copy was built without one. */
  readonly host: string | null
  readonly state: UpdateState
}
