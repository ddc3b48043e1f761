/** The mark: a viewfinder with the line running through it. */
export const Mark = ({ size = 30 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="6" fill="#0e5690" />
    <path
      d="M7 12V7h5M25 12V7h-5M7 20v5h5M25 20v5h-5"
      fill="none"
      stroke="#fff"
      strokeWidth="2.4"
      strokeLinecap="square"
    />
    <path d="M3 16h26" stroke="#ffb224" strokeWidth="3" />
  </svg>
);
