package io.winnow.serving.http;

import io.winnow.core.WinnowException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Percent decoding (RFC 3986, section 2.1) that refuses what it cannot decode: {@link
 * java.net.URLDecoder} puts replacement characters where the bytes are not UTF-8, and two different
 * users would become one.
 */
final class PercentDecoder {
  private PercentDecoder() {}

  /**
   * Decodes one path segment, query name or query value.
   *
   * @param plusIsSpace as in query strings that come from HTML forms
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names {@code field}
   */
  static String decode(String field, String raw, boolean plusIsSpace) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        int high = i + 1 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
        int low = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 2), 16) : -1;
        if (high < 0 || low < 0) {
          throw WinnowException.invalid(field, raw, "% followed by two hexadecimal digits");
        }
        bytes.write(high << 4 | low);
        i += 2;
      } else if (c == '+' && plusIsSpace) {
        bytes.write(' ');
      } else if (c < 0x80) {
        bytes.write(c);
      } else {
        throw WinnowException.invalid(field, raw, "other characters than ASCII percent-encoded");
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException _) {
      throw WinnowException.invalid(field, raw, "percent-encoded UTF-8");
    }
  }
}
