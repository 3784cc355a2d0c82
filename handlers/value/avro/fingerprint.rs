//! CRC-64-AVRO, the Rabin fingerprint that Avro names schemas by.

/// The fingerprint of no bytes.
const EMPTY: u64 = 0xC15D_213A_A4D7_A795;

/// Returns the fingerprint of bytes. A schema is read once, so that there is no table.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(EMPTY, |print, byte| {
        let mixed = (print ^ u64::from(*byte)) & 0xFF;
        (print >> 8)
            ^ (0..8).fold(mixed, |bits, _| {
                (bits >> 1) ^ (EMPTY & 0_u64.wrapping_sub(bits & 1))
            })
    })
}
