package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The canonical bytes of attributes: sorted by name. */
final class AttributeCodec {
  private AttributeCodec() {}

  static void write(Map<String, AttributeValue> attributes, ByteSink sink) {
    sink.varint(attributes.size());
    new TreeMap<>(attributes)
        .forEach((name, value) -> {
          sink.text(name);
          switch (value) {
            case AttributeValue.Text(String text) -> sink.raw(0).text(text);
            case AttributeValue.Tokens(List<String> tokens) -> {
              sink.raw(1).varint(tokens.size());
              tokens.forEach(sink::text);
            }
            case AttributeValue.Numeric(double number) -> sink.raw(2).real(number);
            case AttributeValue.Time(long epochMs) -> sink.raw(3).signed(epochMs);
          }
        });
  }

  static Map<String, AttributeValue> read(ByteSource source) {
    Map<String, AttributeValue> attributes = new HashMap<>();
    int count = source.count(Integer.MAX_VALUE);
    for (int i = 0; i < count; i++) {
      String name = source.text();
      int kind = source.raw();
      attributes.put(
          name,
          switch (kind) {
            case 0 -> new AttributeValue.Text(source.text());
            case 1 -> {
              List<String> tokens = new ArrayList<>();
              for (int left = source.count(Integer.MAX_VALUE); left > 0; left--) {
                tokens.add(source.text());
              }
              yield new AttributeValue.Tokens(tokens);
            }
            case 2 -> new AttributeValue.Numeric(source.real());
            case 3 -> new AttributeValue.Time(source.signed());
            default ->
                throw new WinnowException(
                    ErrorCode.CORRUPT, "feature state: attribute " + name + " has kind " + kind);
          });
    }
    return Map.copyOf(attributes);
  }
}
