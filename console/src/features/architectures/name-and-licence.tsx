import { Textarea, TextInput } from '@mantine/core';
import { t } from '../../i18n/index.js';

interface Props {
  name: string;
  onName: (name: string) => void;
  licence: string;
  onLicence: (licence: string) => void;
  licenceTestId: string;
}

/** What every architecture has beside its network, wherever that comes from. */
export const NameAndLicence = ({ name, onName, licence, onLicence, licenceTestId }: Props) => (
  <>
    <TextInput
      label={t('Name')}
      value={name}
      onChange={(event) => onName(event.currentTarget.value)}
      maxLength={60}
      required
    />
    <Textarea
      label={t('Licence and origin')}
      description={t('Travels into every model package made from it')}
      placeholder={t('BSD-3-Clause: ResNet-18 from torchvision')}
      value={licence}
      onChange={(event) => onLicence(event.currentTarget.value)}
      maxLength={1000}
      autosize
      minRows={2}
      required
      data-testid={licenceTestId}
    />
  </>
);
