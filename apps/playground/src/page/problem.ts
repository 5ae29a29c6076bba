import type { PageElements } from './at.js'

/** The box that says what went wrong. */
export interface ProblemBox {
  /** Says it in place of what the box said before, or after it where `more`. */
  readonly say: (message: string, options?: { readonly more?: boolean; readonly goOn?: string }) => void
  readonly clear: () => void
}

/** The page's box for problems. `goOn` is what its button that offers a way out says; the button is there only where there is one. */
export const problemBox = ({ problem, problemText, goOn, dismiss, status }: Pick<PageElements, 'problem' | 'problemText' | 'goOn' | 'dismiss' | 'status'>): ProblemBox => {
  const clear = (): void => {
    // The focus goes from a button that disappears to what is going on now.
    if (problem.contains(document.activeElement)) status.focus()
    problem.hidden = true
    problemText.textContent = ''
  }
  dismiss.addEventListener('click', clear)
  return {
    say: (message, { more = false, goOn: label } = {}) => {
      const before = more && !problem.hidden ? (problemText.textContent ?? '') : ''
      problemText.textContent = before === '' || before.includes(message) ? before || message : `${before}\n${message}`
      if (!more || label !== undefined) {
        goOn.hidden = label === undefined
        goOn.textContent = label ?? ''
      }
      problem.hidden = false
      problem.scrollIntoView({ block: 'nearest' })
    },
    clear
  }
}
