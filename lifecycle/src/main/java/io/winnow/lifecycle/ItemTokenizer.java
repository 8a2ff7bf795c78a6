package io.winnow.lifecycle;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import io.winnow.features.Catalog;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Turns item attributes into category tokens, from which the item encoder makes a vector for an
 * item that training never saw.
 *
 * <p>A token is {@code attribute=category}; a time attribute gives {@code attribute.year=1995},
 * free text {@code attribute~word} for each of its first {@value #MAX_WORDS} different words.
 * Numbers give none. The vocabulary is that of an earlier training, unchanged, and then the most
 * frequent tokens that at least {@value #MIN_ITEMS} items share, {@value #MAX_TOKENS} in all.
 * Immutable.
 */
final class ItemTokenizer {
  static final int MAX_TOKENS = 50_000;
  static final int MIN_ITEMS = 2;
  static final int MAX_WORDS = 16;

  private static final Pattern NO_WORD = Pattern.compile("[^\\p{L}\\p{N}]+");

  private final Schema schema;
  private final List<String> vocabulary;
  private final Map<String, Integer> tokenOf = new HashMap<>();

  ItemTokenizer(Schema schema, List<String> vocabulary) {
    this.schema = schema;
    this.vocabulary = List.copyOf(vocabulary);
    for (int token = 0; token < vocabulary.size(); token++) {
      tokenOf.put(vocabulary.get(token), token);
    }
  }

  /**
   * The vocabulary of a catalogue as it is now.
   *
   * @param earlier the vocabulary of the training to continue from: tokens keep their indices, as
   *     their vectors do; empty if there is none
   */
  static ItemTokenizer fit(Schema schema, Catalog catalog, List<String> earlier) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (int item = 0; item < catalog.size(); item++) {
      for (String name : names(schema, catalog.attributes(item))) {
        counts.merge(name, 1, Integer::sum);
      }
    }
    counts.keySet().removeAll(Set.copyOf(earlier));
    Stream<String> frequent =
        counts.entrySet().stream()
            .filter(entry -> entry.getValue() >= MIN_ITEMS)
            .sorted(
                Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .map(Map.Entry::getKey);
    List<String> vocabulary = Stream.concat(earlier.stream(), frequent).limit(MAX_TOKENS).toList();
    return new ItemTokenizer(schema, vocabulary);
  }

  /** The tokens' names; a token is its index. */
  List<String> vocabulary() {
    return vocabulary;
  }

  /** The tokens of an item with these attributes that the vocabulary knows, in declared order. */
  int[] tokens(Map<String, AttributeValue> attributes) {
    return names(schema, attributes).stream()
        .map(tokenOf::get)
        .filter(token -> token != null)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /**
   * Numbers of these attributes' values, whether a vocabulary knows them or not: equal values have
   * equal numbers, in every process; two different ones share a number once in 2³² times.
   */
  static int[] numbers(Schema schema, Map<String, AttributeValue> attributes) {
    CRC32C crc = new CRC32C();
    return names(schema, attributes).stream()
        .mapToInt(name -> {
          crc.reset();
          crc.update(name.getBytes(StandardCharsets.UTF_8));
          return (int) crc.getValue();
        })
        .toArray();
  }

  private static List<String> names(Schema schema, Map<String, AttributeValue> attributes) {
    List<String> names = new ArrayList<>();
    schema
        .itemAttributes()
        .forEach((attribute, type) -> {
          AttributeValue value = attributes.get(attribute);
          if (value instanceof AttributeValue.Time(long epochMs)) {
            int year = Instant.ofEpochMilli(epochMs).atOffset(ZoneOffset.UTC).getYear();
            names.add(attribute + ".year=" + year);
          } else if (value instanceof AttributeValue.Text(String text)
              && type == AttributeType.TEXT) {
            for (String word : words(text)) {
              names.add(attribute + "~" + word);
            }
          } else if (value != null) {
            for (String category : value.categories()) {
              names.add(attribute + "=" + category);
            }
          }
        });
    return names;
  }

  /** The first different words of a text, in lower case; a single letter is none. */
  private static Set<String> words(String text) {
    Set<String> words = new LinkedHashSet<>();
    for (String word : NO_WORD.split(text.toLowerCase(Locale.ROOT))) {
      if (word.length() > 1 && words.size() < MAX_WORDS) {
        words.add(word);
      }
    }
    return words;
  }
}
