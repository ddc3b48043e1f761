import i18next from 'i18next';
import t from 'tap';
import de from '../../src/i18n/locales/de.json' with { type: 'json' };
import { said } from '../../src/ui/said.js';

const told: Record<string, string> = {
  'Sent by Ann: at 10:30': 'Geschickt von Ann: at 10:30',
  'The camera was not sure: confidence 0.52, margin 0.04':
    'Die Kamera war nicht sicher: Konfidenz 0.52, Abstand 0.04',
  'torn between dent and Too dark': 'hin- und hergerissen zwischen dent und Too dark',
  'torn between a and b, and unlike anything labelled':
    'hin- und hergerissen zwischen a und b, und anders als alles bisher Gelabelte',
  'stain was split into oil and rust: 1 frame to label anew':
    'stain wurde geteilt in oil and rust: 1 Bild neu zu labeln',
  'First: 2 of 10 devices rejected it; the gate allows none.':
    'First: 2 von 10 Geräten: abgelehnt; das Gate erlaubt keines.',
  'First: class dent: 31.5 % of 400 frames, before 2 %; the gate allows a change of 5 %.':
    'First: class dent: 31.5 % von 400 Bildern, vorher 2 %; das Gate erlaubt eine Änderung um 5 %.',
  'First: 3 % of the frames are flagged, in 90 observations; the gate allows a rise of 1 %.':
    'First: 3 % der Bilder werden gemeldet, in 90 Beobachtungen; das Gate erlaubt einen Anstieg um 1 %.',
  'Drift: the model is less sure: 91.0 %, now 70.5 %':
    'Drift: das Modell ist weniger sicher: 91.0 %, jetzt 70.5 %',
  'learning curve: fit 3 of 40': 'Lernkurve: Anpassung 3 von 40',
  'there is no model: nothing is decided': 'es gibt kein Modell: nichts wird entschieden',
  'a sentence that is not known': 'a sentence that is not known',
};

t.test('what the server says in English is worded in German, names and figures as they are', async (t) => {
  t.strictSame(Object.keys(told).map(said), Object.keys(told), 'in English as it was said');
  i18next.addResourceBundle('de', 'translation', de);
  await i18next.changeLanguage('de');
  t.strictSame(Object.keys(told).map(said), Object.values(told));
});
