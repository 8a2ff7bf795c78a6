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
import io.winnow.core.application.ExpressionParser.Declared;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Aggregation.Distinct.Counted;
import io.winnow.core.application.FeatureDefinition.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ExpressionParserTest {
  private static final Schema SCHEMA =
      new Schema(
          Map.of("published", AttributeType.TIME, "category", AttributeType.STRING),
          Map.of("joined", AttributeType.TIME),
          Map.of(
              "click", new Schema.EventType("", false),
              "watch", new Schema.EventType("seconds", true),
              "add-to-cart", new Schema.EventType("price", false)),
          false);

  private static final List<String> WITH_VALUE = List.of("watch", "add-to-cart", "*");
  private static final List<String> TYPES =
      List.of("click", "watch", "add-to-cart", "impression", "*");
  private static final List<String> LENGTHS =
      List.of("1m", "5m", "90s", "1h", "36h", "7d", "90d", "400d", "3601000ms");
  private static final int FORMS = 17;

  /** An expression and what it means, drawn together: the generator is the oracle. */
  private record Sample(String text, List<Declared> meaning) {
    Sample(String text, Aggregation meaning) {
      this(text, List.of(new Declared("", meaning)));
    }
  }

  /** Windows as written, with their suffixes and lateness. */
  private record WindowsSample(String text, Map<String, Window> bySuffix) {
    List<Declared> each(Function<Window, Aggregation> aggregation) {
      return bySuffix.entrySet().stream()
          .map(e -> new Declared(e.getKey(), aggregation.apply(e.getValue())))
          .toList();
    }
  }

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

  private static WindowsSample windows(RandomGenerator random) {
    List<String> lengths = new ArrayList<>(LENGTHS);
    Collections.shuffle(lengths, random);
    lengths = lengths.subList(0, random.nextBoolean() ? 1 : random.nextInt(2, LENGTHS.size()));
    String late = pick(random, List.of("", "", "0s", "10m", "15s"));
    Map<String, Window> bySuffix = new LinkedHashMap<>();
    for (String length : lengths) {
      Duration duration = Durations.parse(length).orElseThrow();
      bySuffix.put(
          lengths.size() == 1 ? "" : "_" + length,
          late.isEmpty()
              ? Window.of(duration)
              : new Window(duration, Durations.parse(late).orElseThrow()));
    }
    return new WindowsSample(
        "over "
            + String.join(blanks(random) + "," + blanks(random), lengths)
            + (late.isEmpty() ? "" : " late " + late),
        bySuffix);
  }

  /** Values of an event type, as {@code sum} and others take them. */
  private static FilterSample values(RandomGenerator random) {
    String type = pick(random, WITH_VALUE);
    if (random.nextBoolean()) {
      return new FilterSample(type + ".value", EventFilter.ofType(type));
    }
    return new FilterSample(
        type + ".value where value >= 3",
        new EventFilter(type, new Comparison(Operator.GREATER_OR_EQUAL, 3)));
  }

  private static Sample sample(RandomGenerator random, int form) {
    FilterSample filter = filter(random);
    FilterSample other = filter(random);
    FilterSample values = values(random);
    WindowsSample windows = windows(random);
    String over = blanks(random) + windows.text();
    String type = pick(random, WITH_VALUE);
    int n = random.nextInt(1, 1001);
    return switch (form) {
      case 0 ->
          new Sample(
              "count(" + blanks(random) + filter.text() + ")" + over,
              windows.each(w -> new Aggregation.Count(filter.meaning(), w)));
      case 1 ->
          new Sample(
              "sum(" + values.text() + ")" + over,
              windows.each(w -> new Aggregation.Sum(values.meaning(), w)));
      case 2 ->
          new Sample(
              "mean(" + values.text() + ")" + over,
              windows.each(w -> new Aggregation.Mean(values.meaning(), w)));
      case 3 ->
          new Sample(
              "min(" + values.text() + ")" + over,
              windows.each(w -> new Aggregation.Min(values.meaning(), w)));
      case 4 ->
          new Sample(
              "max(" + values.text() + ")" + over,
              windows.each(w -> new Aggregation.Max(values.meaning(), w)));
      case 5 ->
          new Sample(
              "rate(" + filter.text() + "," + other.text() + ")" + over,
              windows.each(w ->
                  new Aggregation.Rate(
                      filter.meaning(),
                      other.meaning(),
                      w,
                      ExpressionParser.DEFAULT_PRIOR,
                      ExpressionParser.DEFAULT_PRIOR_WEIGHT)));
      case 6 ->
          new Sample(
              "rate(%s, %s)%s prior 0.25 weight %d".formatted(filter.text(), other.text(), over, n),
              windows.each(
                  w -> new Aggregation.Rate(filter.meaning(), other.meaning(), w, 0.25, n)));
      case 7 -> {
        boolean items = random.nextBoolean();
        yield new Sample(
            "distinct(%s.%s where value < 7)%s".formatted(type, items ? "item" : "user", over),
            windows.each(w ->
                new Aggregation.Distinct(
                    new EventFilter(type, new Comparison(Operator.LESS, 7)),
                    items ? Counted.ITEM : Counted.USER,
                    w)));
      }
      case 8 ->
          new Sample(
              "distinct(impression.user)" + over,
              windows.each(w ->
                  new Aggregation.Distinct(EventFilter.ofType("impression"), Counted.USER, w)));
      case 9 ->
          new Sample(
              "quantile(" + n / 1000.0 + ", " + values.text() + ")" + over,
              windows.each(w -> new Aggregation.Quantile(values.meaning(), n / 1000.0, w)));
      case 10 ->
          new Sample(
              "decay(" + filter.text() + ") half_life " + (n % 400 + 1) + "d",
              new Aggregation.Decay(filter.meaning(), false, Duration.ofDays(n % 400 + 1)));
      case 11 ->
          new Sample(
              "decay(" + values.text() + ") half_life " + n + "m",
              new Aggregation.Decay(values.meaning(), true, Duration.ofMinutes(n)));
      case 12 ->
          new Sample(
              "last(" + n + ", " + type + ".item)",
              new Aggregation.LastItems(EventFilter.ofType(type), n));
      case 13 ->
          new Sample("last(" + values.text() + ")", new Aggregation.LastValue(values.meaning()));
      case 14 ->
          new Sample("since(" + filter.text() + ")", new Aggregation.SinceEvent(filter.meaning()));
      case 15 -> {
        String attribute = pick(random, List.of("published", "joined"));
        yield new Sample("since(" + attribute + ")", new Aggregation.SinceAttribute(attribute));
      }
      default -> {
        String field = pick(random, List.of("device", "hour_of_day", "over"));
        yield new Sample("context." + field, new Aggregation.Context(field));
      }
    };
  }

  @Test
  void features_generated_meansWhatWasDrawnAndIsWrittenBack() {
    RandomGenerator random = new Seed(1).generator("expressions");
    Set<Class<?>> kinds = new HashSet<>();
    for (int i = 0; i < 500 * FORMS; i++) {
      Sample sample = sample(random, i % FORMS);
      List<Declared> read = ExpressionParser.features(sample.text(), SCHEMA);
      assertEquals(sample.meaning(), read, sample.text());
      for (Declared declared : read) {
        kinds.add(declared.aggregation().getClass());
        assertEquals(
            List.of(new Declared("", declared.aggregation())),
            ExpressionParser.features(declared.aggregation().text(), SCHEMA),
            declared.aggregation().text());
      }
    }
    for (Aggregation simple : List.of(new Aggregation.HourOfDay(), new Aggregation.DayOfWeek())) {
      kinds.add(simple.getClass());
      assertEquals(
          List.of(new Declared("", simple)), ExpressionParser.features(simple.text(), SCHEMA));
    }
    assertEquals(Set.of(Aggregation.class.getPermittedSubclasses()), kinds);
  }

  @Test
  void feature_mutated_isReadOrRefusedWithAPosition() {
    RandomGenerator random = new Seed(2).generator("mutations");
    String alphabet = "count sumrate(last),.*<>=0123456789whvl_-dé\u2028\"'";
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(sample(random, i % FORMS).text());
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
        ExpressionParser.features(text.toString(), SCHEMA);
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
        "since(category); an event type or an attribute of type time",
        "mean(click.value) over 1d; an event type that has a value",
        "min(watch) over 1d; at column 10, instead of ')': '.'",
        "max(watch.value); at column 17, instead of the end: 'over'",
        "maen(watch.value) over 1d; did you mean 'mean'?",
        "count(click) over 1h, 1d, 60m; at column 27, instead of '60m': each window once",
        "count(click) over 1h,; at column 22, instead of the end: a window",
        "count(click) over 1h 1d; at column 22, instead of '1d': the end",
        "'count(click) over 1m, 2m, 3m, 4m, 5m, 6m, 7m, 8m, 9m, 10m, 11m'; at most 10 windows",
        "count(click) over 1h late; at column 26, instead of the end: a lateness",
        "count(click) over 1h late 5; at column 27, instead of '5': a lateness",
        "count(click) over 1h late 11h; from 0ms to 10h",
        "count(click) over 1m, 7d late 11m; from 0ms to 10m",
        "count(click) over 90d late 401d; from 0ms to 400d",
        "rate(click, impression) over 1d prior 0.1 late 1h; at column 43, instead of 'late'",
        "distinct(watch) over 1d; at column 15, instead of ')': '.'",
        "distinct(watch.value) over 1d; at column 16, instead of 'value': 'item' or 'user'",
        "distinct(click.item where value > 3) over 1d; an event type that has a value",
        "quantile(watch.value) over 1d; at column 10, instead of 'watch': a number from 0 to 1",
        "quantile(1.1, watch.value) over 1d; a number from 0 to 1",
        "quantile(-0.1, watch.value) over 1d; a number from 0 to 1",
        "quantile(0.9 watch.value) over 1d; at column 14, instead of 'watch': ','",
        "quantile(0.9, watch) over 1d; at column 20, instead of ')': '.'",
        "decay(click) over 3d; at column 14, instead of 'over': 'half_life'",
        "decay(click) half_life 30s; a half-life such as 6h or 3d, from 1m to 400d",
        "decay(click) half_life 401d; a half-life such as 6h or 3d, from 1m to 400d",
        "decay(click) half_life 3; at column 24, instead of '3': a half-life",
        "decay(click.value) half_life 3d; an event type that has a value",
        "decay(watch.value 3) half_life 3d; at column 19, instead of '3': one of >=",
        "count(ä) over 1d; at column 7, instead of 'ä'",
      })
  void feature_wrong_saysWhereAndWhat(String text, String expected) {
    ExpressionException e =
        assertThrows(ExpressionException.class, () -> ExpressionParser.features(text, SCHEMA));
    assertTrue(e.expectation().contains(expected), e.expectation());
  }

  @Test
  void features_negativeZero_isZero() {
    assertEquals(
        ExpressionParser.features("quantile(0, watch.value where value > 0) over 1d", SCHEMA),
        ExpressionParser.features("quantile(-0, watch.value where value > -0) over 1d", SCHEMA));
  }

  @Test
  void feature_tooLong_isRefused() {
    String text = "count(click" + " ".repeat(500) + ") over 1d";
    assertThrows(ExpressionException.class, () -> ExpressionParser.features(text, SCHEMA));
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
