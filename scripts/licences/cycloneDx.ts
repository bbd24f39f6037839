import type { ShippedPart } from '../../src/shared/ipc/licenceViews'

interface Component {
  readonly type: 'library' | 'framework' | 'application' | 'machine-learning-model'
  readonly 'bom-ref': string
  readonly name: string
  readonly version?: string
  readonly purl?: string
  readonly licenses: readonly [{ readonly license: { readonly id: string } } | { readonly expression: string }]
}

/** A list of parts as CycloneDX 1.6 has it. */
export interface CycloneDx {
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.6'
  readonly version: 1
  readonly metadata: {
    readonly component: { readonly type: 'application'; readonly name: string; readonly version: string }
  }
  readonly components: readonly Component[]
}

const TYPES = {
  package: 'library',
  runtime: 'framework',
  program: 'application',
  model: 'machine-learning-model'
} as const

/** The same parts as the licences have, for programs that look for known holes. */
export function cycloneDx(product: { name: string; version: string }, parts: readonly ShippedPart[]): CycloneDx {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: product.name, version: product.version } },
    components: parts.map(componentOf)
  }
}

function componentOf({ name, version, kind, licence }: ShippedPart): Component {
  const isNpm = kind === 'package' || kind === 'runtime'
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version ?? ''}`
  return {
    type: TYPES[kind],
    'bom-ref': isNpm ? purl : [kind, name, version].filter((word) => word !== null).join(':'),
    name,
    ...(version === null ? {} : { version }),
    ...(isNpm ? { purl } : {}),
    licenses: [/ (OR|AND) /u.test(licence) ? { expression: licence } : { license: { id: licence } }]
  }
}
