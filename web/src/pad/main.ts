// The pad on which a person signs. A file of its own: only pages that ask for a signature load it.
export { default as SignaturePad } from 'signature_pad';
