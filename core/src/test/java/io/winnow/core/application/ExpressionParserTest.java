package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.EventFilter.Comparison;
import io.winnow.core.application.EventFilter.Operator;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ExpressionParserTest {
  private static final Schema SCHEMA =
      new Schema(
          Map.of("published", AttributeType.TIME, "category", AttributeType.STRING),
          Map.of(),
          Map.of(
              "click", new Schema.EventType("", false),
              "watch", new Schema.EventType("seconds", true),
              "add-to-cart", new Schema.EventType("price", false)),
          false);

  private static final List<String> WITH_VALUE = List.of("watch", "add-to-cart", "*");
  private static final List<String> TYPES =
      List.of("click", "watch", "add-to-cart", "impression", "*");
  private static final List<String> WINDOWS = List.of("5m", "1h", "36h", "7d", "90d");

  /** An expression and what it means, drawn together: the generator is the oracle. */
  private record Sample(String text, Aggregation meaning) {}

  private static <T> T pick(RandomGenerator random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private record FilterSample(String text, EventFilter meaning) {}

  private static FilterSample filter(RandomGenerator random) {
    if (random.nextBoolean()) {
      String type = pick(random, TYPES);
      return new FilterSample(type, new EventFilter(type, null));
    }
    String type = pick(random, WITH_VALUE);
    Operator operator = pick(random, List.of(Operator.values()));
    double constant = random.nextInt(-50, 50) / 4.0;
    String comparison = operator.symbol() + blanks(random) + constant;
    String text =
        random.nextBoolean()
            ? type + ".value " + comparison
            : type + " where value" + blanks(random) + comparison;
    return new FilterSample(text, new EventFilter(type, new Comparison(operator, constant)));
  }

  private static String blanks(RandomGenerator random) {
    return " ".repeat(random.nextInt(3));
  }

  private static Sample sample(RandomGenerator random) {
    FilterSample filter = filter(random);
    FilterSample other = filter(random);
    String type = pick(random, WITH_VALUE);
    String window = pick(random, WINDOWS);
    FeatureDefinition.Window duration =
        FeatureDefinition.Window.of(Durations.parse(window).orElseThrow());
    int n = random.nextInt(1, 1001);
    return switch (random.nextInt(9)) {
      case 0 ->
          new Sample(
              "count(" + blanks(random) + filter.text() + ") over " + window,
              new Aggregation.Count(filter.meaning(), duration));
      case 1 ->
          new Sample(
              "sum(" + type + ".value)" + blanks(random) + "over " + window,
              new Aggregation.Sum(EventFilter.ofType(type), duration));
      case 2 ->
          new Sample(
              "rate(" + filter.text() + "," + other.text() + ") over " + window,
              new Aggregation.Rate(
                  filter.meaning(),
                  other.meaning(),
                  duration,
                  ExpressionParser.DEFAULT_PRIOR,
                  ExpressionParser.DEFAULT_PRIOR_WEIGHT));
      case 3 ->
          new Sample(
              "rate(%s, %s) over %s prior 0.25 weight %d"
                  .formatted(filter.text(), other.text(), window, n),
              new Aggregation.Rate(filter.meaning(), other.meaning(), duration, 0.25, n));
      case 4 ->
          new Sample(
              "last(" + n + ", " + type + ".item)",
              new Aggregation.LastItems(EventFilter.ofType(type), n));
      case 5 ->
          new Sample(
              "last(" + type + ".value where value >= 3)",
              new Aggregation.LastValue(
                  new EventFilter(type, new Comparison(Operator.GREATER_OR_EQUAL, 3))));
      case 6 ->
          new Sample("since(" + filter.text() + ")", new Aggregation.SinceEvent(filter.meaning()));
      case 7 -> new Sample("since(published)", new Aggregation.SinceAttribute("published"));
      default -> new Sample("context.device", new Aggregation.Context("device"));
    };
  }

  @Test
  void feature_generated_meansWhatWasDrawn() {
    RandomGenerator random = new Seed(1).generator("expressions");
    for (int i = 0; i < 5_000; i++) {
      Sample sample = sample(random);
      assertEquals(
          sample.meaning(), ExpressionParser.feature(sample.text(), SCHEMA), sample.text());
    }
  }

  @Test
  void feature_mutated_isReadOrRefusedWithAPosition() {
    RandomGenerator random = new Seed(2).generator("mutations");
    String alphabet = "count sumrate(last),.*<>=0123456789whvl_-dé\u2028\"'";
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(sample(random).text());
      for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
        int at = random.nextInt(text.length());
        char letter = alphabet.charAt(random.nextInt(alphabet.length()));
        switch (random.nextInt(3)) {
          case 0 -> text.setCharAt(at, letter);
          case 1 -> text.insert(at, letter);
          default -> text.deleteCharAt(at);
        }
        if (text.isEmpty()) {
          text.append(letter);
        }
      }
      try {
        ExpressionParser.feature(text.toString(), SCHEMA);
      } catch (ExpressionException e) {
        assertTrue(
            e.expectation().matches("(?s)at column \\d+, instead of .+: .+"), e.expectation());
        refused++;
      }
    }
    assertTrue(refused > 10_000, "refused: " + refused);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; at column 1, instead of the end: a feature such as",
        "cuont(click) over 1d; at column 1, instead of 'cuont': one of count, sum",
        "cuont(click) over 1d; did you mean 'count'?",
        "count click over 1d; at column 7, instead of 'click': '('",
        "count(click; at column 12, instead of the end: ')'",
        "count(click); at column 13, instead of the end: 'over'",
        "count(click) over 1y; at column 19, instead of '1': a window",
        "count(click) over 30s; from 1m to 400d",
        "count(click) over 401d; from 1m to 400d",
        "count(click) over 99999999999d; a window",
        "count(click) over 1d please; at column 22, instead of 'please': the end",
        "count(clik) over 1d; did you mean 'click'?",
        "count(click.value > 3) over 1d; an event type that has a value",
        "sum(impression.value) over 1d; an event type that has a value",
        "sum(watch.item) over 1d; at column 11, instead of 'item': 'value'",
        "count(watch where value => 3) over 1d; at column 25, instead of '=': one of >=",
        "count(watch where value 3) over 1d; one of >=, >, <=, <, ==",
        "count(watch where value >= x) over 1d; a number from",
        "rate(click) over 1d; at column 11, instead of ')': ','",
        "rate(click, impression) over 1d prior 2; a number from 0 to 1",
        "last(0, watch.item); a number from 1 to 1000",
        "last(1.5, watch.item); a whole number",
        "since(publishd); did you mean 'published'?",
        "since(category); an event type or an item attribute of type time",
        "count(ä) over 1d; at column 7, instead of 'ä'",
      })
  void feature_wrong_saysWhereAndWhat(String text, String expected) {
    ExpressionException e =
        assertThrows(ExpressionException.class, () -> ExpressionParser.feature(text, SCHEMA));
    assertTrue(e.expectation().contains(expected), e.expectation());
  }

  @Test
  void feature_tooLong_isRefused() {
    String text = "count(click" + " ".repeat(500) + ") over 1d";
    assertThrows(ExpressionException.class, () -> ExpressionParser.feature(text, SCHEMA));
  }

  @Test
  void exclusion_withAndWithoutWindow_isRead() {
    assertEquals(
        new Policy.Exclusion(
            new EventFilter("watch", new Comparison(Operator.GREATER_OR_EQUAL, 30)),
            Duration.ofDays(7)),
        ExpressionParser.exclusion("watch.value >= 30 over 7d", SCHEMA));
    assertEquals(
        new Policy.Exclusion(EventFilter.ofType("click"), null),
        ExpressionParser.exclusion("click", SCHEMA));
  }

  @Test
  void filter_everyOperator_selectsLikeArithmetic() {
    RandomGenerator random = new Seed(3).generator("filters");
    for (int i = 0; i < 2_000; i++) {
      int constant = random.nextInt(-3, 4);
      int value = random.nextInt(-3, 4);
      Operator operator = pick(random, List.of(Operator.values()));
      boolean expected =
          switch (operator) {
            case GREATER_OR_EQUAL -> value >= constant;
            case GREATER -> value > constant;
            case LESS_OR_EQUAL -> value <= constant;
            case LESS -> value < constant;
            case EQUAL -> value == constant;
          };
      EventFilter filter =
          ExpressionParser.filter("watch.value " + operator.symbol() + constant, SCHEMA);
      Event event = new Event("e", "watch", new UserId("u"), new ItemId("i"), 0, value);
      assertEquals(expected, filter.test(event), filter + " of " + value);
    }
  }

  @Test
  void durations_roundTrip() {
    for (String text : List.of("50ms", "30s", "5m", "1h", "36h", "7d", "1500ms", "90s")) {
      assertEquals(text, Durations.format(Durations.parse(text).orElseThrow()));
    }
    for (String text : List.of("", "5", "m", "-5m", "1.5h", "5 minutes", "1234567890d")) {
      assertTrue(Durations.parse(text).isEmpty(), text);
    }
  }

  @Test
  void nearestName_agreesWithPlainRecursion() {
    RandomGenerator random = new Seed(4).generator("names");
    for (int i = 0; i < 2_000; i++) {
      String a = word(random);
      String b = word(random);
      assertEquals(slowDistance(a, b), NearestName.distance(a, b), a + " " + b);
    }
    assertEquals(
        "deadline", NearestName.of("daedline", List.of("slate", "deadline")).orElseThrow());
    assertTrue(NearestName.of("colour", List.of("slate", "deadline")).isEmpty());
  }

  private static String word(RandomGenerator random) {
    StringBuilder word = new StringBuilder();
    for (int n = random.nextInt(6); n > 0; n--) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }

  private static int slowDistance(String a, String b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.length() + b.length();
    }
    String x = a.substring(1);
    String y = b.substring(1);
    int best =
        Math.min(
            slowDistance(x, y) + (a.charAt(0) == b.charAt(0) ? 0 : 1),
            1 + Math.min(slowDistance(x, b), slowDistance(a, y)));
    if (!x.isEmpty() && !y.isEmpty() && a.charAt(0) == y.charAt(0) && b.charAt(0) == x.charAt(0)) {
      best = Math.min(best, 1 + slowDistance(x.substring(1), y.substring(1)));
    }
    return best;
  }
}
