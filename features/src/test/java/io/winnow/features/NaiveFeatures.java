package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Aggregation.Distinct.Counted;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The oracle: keeps every record and computes each value from the definition alone, slowly. No
 * state is carried from one read to the next, and its constants are its own, so that a change of
 * the rules shows. O(records) a value and key.
 *
 * <p>What it takes the rules to be, where they leave a choice:
 *
 * <ul>
 *   <li>Numbers of one entity that are cut into the same tiles share them: a tile is there as soon
 *       as an event of any of them lies in it. A sketch has tiles of its own.
 *   <li>A sum takes whole numbers without bound, so it never overflows.
 *   <li>The newest event is the newest selected one, with or without a value; its value is not
 *       rounded to fixed point.
 *   <li>An average over keys adds up the user's for each of the item's, and then these sums, both
 *       in declared order and from 0 on. Only {@code user} and {@code item} have no average.
 *   <li>The time to live is counted from the newest event of a key that any feature of its entity
 *       selects; a key that was silent for longer has its old events back with the next one.
 * </ul>
 */
final class NaiveFeatures {
  /** Above this many different things a sketch may err. */
  static final int EXACT_DISTINCT = 512;

  /** Four standard errors of a theta sketch of 512 entries. */
  static final double DISTINCT_ERROR = 4 / Math.sqrt(510);

  /** The rank error that is granted to a quantile, beside one place up or down. */
  static final double RANK_ERROR = 0.02;

  private static final double FIXED = 1 << 20;
  private static final double VALUE_MAX = 0x1p40;
  private static final double DECAY_MAX = 0x1p55;

  /**
   * What a feature may read as: exactly {@code low}, or, of a sketch, anything from low to high.
   */
  record Expected(double low, double high) {
    static Expected exactly(double value) {
      return new Expected(value, value);
    }

    /** Whether a value that was read is right. */
    boolean allows(FeatureDefinition definition, float value) {
      return switch (definition.aggregation()) {
        case Aggregation.Distinct _, Aggregation.Quantile _ ->
            Double.isNaN(low)
                ? Float.isNaN(value)
                : value >= Math.nextDown((float) low) && value <= Math.nextUp((float) high);
        default -> Float.floatToRawIntBits((float) low) == Float.floatToRawIntBits(value);
      };
    }
  }

  /**
   * How many events were too old.
   *
   * @param ofTiles times that a feature over tiles dropped an event
   * @param others times that a list of newest events, or the item counts, had no place for one
   */
  record Dropped(long ofTiles, long others) {}

  /** An event, and the keys of each entity that it counted for when it was logged. */
  private record Past(Event event, Map<Entity, List<List<String>>> keys) {
    boolean of(Entity entity, List<String> key) {
      return keys.getOrDefault(entity, List.of()).contains(key);
    }
  }

  private final ApplicationDefinition application;
  private final List<Past> past = new ArrayList<>();
  private final Map<ItemId, Map<String, AttributeValue>> items = new HashMap<>();
  private final Map<UserId, Map<String, AttributeValue>> users = new HashMap<>();

  NaiveFeatures(ApplicationDefinition application) {
    this.application = application;
  }

  void apply(LogRecord record) {
    switch (record) {
      case LogRecord.Happened(Event event) -> {
        if (event.type().equals(Event.IMPRESSION)
            || application.schema().events().containsKey(event.type())) {
          Map<Entity, List<List<String>>> keys = new HashMap<>();
          for (FeatureDefinition definition : application.features()) {
            if (definition.entity() instanceof Entity.Keys entity) {
              keys.put(
                  entity,
                  keys(entity, event.user(), event.item()).stream().flatMap(List::stream).toList());
            }
          }
          past.add(new Past(event, keys));
        }
      }
      case LogRecord.ItemPut put -> items.put(put.item(), put.attributes());
      case LogRecord.ItemRemoved _, LogRecord.Exposed _ -> {}
      case LogRecord.UserPut put -> users.put(put.user(), put.attributes());
    }
  }

  /** What one item's row may hold, in the order of the schema. */
  List<Expected> row(UserId user, ItemId item, Map<String, String> context, long timeMs) {
    List<Expected> row = new ArrayList<>();
    for (FeatureDefinition definition : application.features()) {
      if (!(definition.aggregation() instanceof Aggregation.LastItems)) {
        row.add(
            switch (definition.entity()) {
              case Entity.Request _ -> Expected.exactly(ofRequest(definition, context, timeMs));
              case Entity.Keys entity -> ofKeys(definition, entity, user, item, timeMs);
            });
      }
    }
    return row;
  }

  /** The items of a list feature of a user, newest last. */
  List<ItemId> lastItems(UserId user, String feature, long timeMs) {
    for (FeatureDefinition definition : application.features()) {
      if (definition.name().equals(feature)
          && definition.aggregation() instanceof Aggregation.LastItems(EventFilter filter, int n)) {
        List<Event> visible = alive(definition, List.of(user.value(), ""), timeMs);
        List<Event> events = newest(visible, filter, n, timeMs);
        return events.subList(Math.max(0, events.size() - n), events.size()).stream()
            .map(Event::item)
            .toList();
      }
    }
    throw new IllegalArgumentException(feature);
  }

  private static double ofRequest(
      FeatureDefinition definition, Map<String, String> context, long timeMs) {
    return switch (definition.aggregation()) {
      case Aggregation.HourOfDay _ -> Instant.ofEpochMilli(timeMs).atZone(ZoneOffset.UTC).getHour();
      case Aggregation.DayOfWeek _ ->
          Instant.ofEpochMilli(timeMs).atZone(ZoneOffset.UTC).getDayOfWeek().getValue();
      case Aggregation.Context(String field) -> ofContext(context.get(field));
      default -> throw new IllegalArgumentException(definition.toString());
    };
  }

  /** A number as it is, and other text as the top 24 bits of its mixed FNV-1a hash. */
  private static double ofContext(@Nullable String text) {
    if (text == null) {
      return Double.NaN;
    }
    if (text.matches("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?")
        && Float.isFinite((float) Double.parseDouble(text))) {
      return Double.parseDouble(text);
    }
    BigInteger hash = new BigInteger("cbf29ce484222325", 16);
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = hash.xor(BigInteger.valueOf(b & 0xff)).multiply(new BigInteger("100000001b3", 16));
      hash = hash.mod(BigInteger.ONE.shiftLeft(64));
    }
    return (Seed.mix(hash.longValue()) >>> 40) / 16_777_216.0;
  }

  private Expected ofKeys(
      FeatureDefinition definition, Entity.Keys entity, UserId user, ItemId item, long timeMs) {
    if (definition.aggregation() instanceof Aggregation.SinceAttribute(String name)) {
      Map<String, AttributeValue> attributes =
          entity.equals(Entity.USER)
              ? users.getOrDefault(user, Map.of())
              : items.getOrDefault(item, Map.of());
      return Expected.exactly(
          attributes.get(name) instanceof AttributeValue.Time(long epochMs)
              ? (timeMs - epochMs) / 1000.0
              : Double.NaN);
    }
    List<List<List<String>>> keys = keys(entity, user, item);
    if (entity.equals(Entity.USER) || entity.equals(Entity.ITEM)) {
      return aggregate(definition, keys.getFirst().getFirst(), timeMs);
    }
    double low = 0;
    double high = 0;
    int known = 0;
    for (List<List<String>> ofItem : keys) {
      double lowOfItem = 0;
      double highOfItem = 0;
      for (List<String> key : ofItem) {
        Expected one = aggregate(definition, key, timeMs);
        if (!Double.isNaN(one.low)) {
          lowOfItem += one.low;
          highOfItem += one.high;
          known++;
        }
      }
      low += lowOfItem;
      high += highOfItem;
    }
    return known == 0 ? Expected.exactly(Double.NaN) : new Expected(low / known, high / known);
  }

  /** The keys of an entity that a user and an item have now: a list for each of the item's. */
  private List<List<List<String>>> keys(Entity.Keys entity, UserId user, ItemId item) {
    List<List<List<String>>> keys = new ArrayList<>();
    for (String ofItem : side(entity.item(), item.value(), items.getOrDefault(item, Map.of()))) {
      List<List<String>> ofOne = new ArrayList<>();
      for (String ofUser : side(entity.user(), user.value(), users.getOrDefault(user, Map.of()))) {
        ofOne.add(List.of(ofUser, ofItem));
      }
      keys.add(ofOne);
    }
    return keys;
  }

  private static List<String> side(
      Entity.Key key, String id, Map<String, AttributeValue> attributes) {
    return switch (key) {
      case Entity.Key.None _ -> List.of("");
      case Entity.Key.Id _ -> List.of(id);
      case Entity.Key.Attribute(String name) -> {
        AttributeValue value = attributes.get(name);
        yield value == null ? List.of() : value.categories();
      }
    };
  }

  private Expected aggregate(FeatureDefinition definition, List<String> key, long timeMs) {
    List<Event> ofKey = alive(definition, key, timeMs);
    List<Event> events = windowOf(definition) == null ? ofKey : window(definition, ofKey, timeMs);
    return switch (definition.aggregation()) {
      case Aggregation.Count _ -> Expected.exactly(events.size());
      case Aggregation.Sum _ -> Expected.exactly(sum(events));
      case Aggregation.Mean _ ->
          Expected.exactly(events.isEmpty() ? Double.NaN : sum(events) / events.size());
      case Aggregation.Min _ -> Expected.exactly(fixedValues(events).min().orElse(Double.NaN));
      case Aggregation.Max _ -> Expected.exactly(fixedValues(events).max().orElse(Double.NaN));
      case Aggregation.Rate rate -> {
        double n = events.stream().filter(event -> matches(rate.numerator(), event)).count();
        double d = events.stream().filter(event -> matches(rate.denominator(), event)).count();
        double weight = rate.priorWeight();
        yield Expected.exactly(
            d + weight == 0 ? Double.NaN : (rate.prior() * weight + n) / (weight + d));
      }
      case Aggregation.Distinct distinct -> distinct(distinct.counted(), events);
      case Aggregation.Quantile quantile -> quantile(quantile.share(), events);
      case Aggregation.Decay decay -> Expected.exactly(decay(definition, decay, events, timeMs));
      case Aggregation.LastValue(EventFilter filter) -> {
        List<Event> newest = newest(events, filter, 1, timeMs);
        yield Expected.exactly(newest.isEmpty() ? Double.NaN : newest.getLast().value());
      }
      case Aggregation.SinceEvent(EventFilter filter) -> {
        List<Event> newest = newest(events, filter, 1, timeMs);
        yield Expected.exactly(
            newest.isEmpty() ? Double.NaN : (timeMs - newest.getLast().timeMs()) / 1000.0);
      }
      case Aggregation.LastItems _,
          Aggregation.SinceAttribute _,
          Aggregation.HourOfDay _,
          Aggregation.DayOfWeek _,
          Aggregation.Context _ ->
          throw new IllegalArgumentException(definition.toString());
    };
  }

  /** The events of a key in log order; none if its view's time to live is over. */
  private List<Event> alive(FeatureDefinition definition, List<String> key, long timeMs) {
    Entity entity = definition.entity();
    Duration ttl = application.operations().featureStore().view(entity.label()).ttl();
    List<Event> ofKey = past.stream().filter(p -> p.of(entity, key)).map(Past::event).toList();
    boolean alive =
        ofKey.stream()
            .filter(event -> timeMs - event.timeMs() <= ttl.toMillis())
            .anyMatch(event -> ofEntity(entity).anyMatch(feature -> selects(feature, event)));
    return alive ? ofKey : List.of();
  }

  private Stream<FeatureDefinition> ofEntity(Entity entity) {
    return application.features().stream().filter(feature -> feature.entity().equals(entity));
  }

  /** Whether a filter lets an event through; values are compared in single precision. */
  private static boolean matches(EventFilter filter, Event event) {
    boolean impression = event.type().equals(Event.IMPRESSION);
    if (filter.type().equals("*") ? impression : !filter.type().equals(event.type())) {
      return false;
    }
    if (filter.comparison() == null) {
      return true;
    }
    if (!event.hasValue()) {
      return false;
    }
    float value = (float) event.value();
    float constant = (float) filter.comparison().constant();
    return switch (filter.comparison().operator()) {
      case GREATER_OR_EQUAL -> value >= constant;
      case GREATER -> value > constant;
      case LESS_OR_EQUAL -> value <= constant;
      case LESS -> value < constant;
      case EQUAL -> value == constant;
    };
  }

  /** Whether an event counts for a feature. */
  private static boolean selects(FeatureDefinition feature, Event event) {
    return switch (feature.aggregation()) {
      case Aggregation.Count count -> matches(count.filter(), event);
      case Aggregation.Sum sum -> matches(sum.filter(), event) && event.hasValue();
      case Aggregation.Mean mean -> matches(mean.filter(), event) && event.hasValue();
      case Aggregation.Min min -> matches(min.filter(), event) && event.hasValue();
      case Aggregation.Max max -> matches(max.filter(), event) && event.hasValue();
      case Aggregation.Rate rate ->
          matches(rate.numerator(), event) || matches(rate.denominator(), event);
      case Aggregation.Distinct distinct -> matches(distinct.filter(), event);
      case Aggregation.Quantile quantile -> matches(quantile.filter(), event) && event.hasValue();
      case Aggregation.Decay decay ->
          matches(decay.filter(), event) && (event.hasValue() || !decay.ofValues());
      case Aggregation.LastItems last -> matches(last.filter(), event);
      case Aggregation.LastValue last -> matches(last.filter(), event);
      case Aggregation.SinceEvent since -> matches(since.filter(), event);
      case Aggregation.SinceAttribute _,
          Aggregation.HourOfDay _,
          Aggregation.DayOfWeek _,
          Aggregation.Context _ ->
          false;
    };
  }

  /**
   * How time is cut for a feature.
   *
   * @param reach how many tiles before its own a read takes in
   * @param late how many more are kept
   */
  record Tiles(long tileMs, long reach, long late) {
    static @Nullable Tiles of(FeatureDefinition feature) {
      if (feature.aggregation() instanceof Aggregation.Decay decay) {
        return new Tiles(8 * decay.halfLife().toMillis(), 4, 1);
      }
      Window window = windowOf(feature);
      if (window == null) {
        return null;
      }
      long tileMs = (window.length().toMillis() + 23) / 24;
      long late = (window.lateness().toMillis() + tileMs - 1) / tileMs;
      return new Tiles(tileMs, 24, Math.min(late, 240));
    }

    long tile(Event event) {
      return Math.floorDiv(event.timeMs(), tileMs);
    }
  }

  /** The window of a feature that has one. */
  static @Nullable Window windowOf(FeatureDefinition feature) {
    return switch (feature.aggregation()) {
      case Aggregation.Count count -> count.window();
      case Aggregation.Sum sum -> sum.window();
      case Aggregation.Mean mean -> mean.window();
      case Aggregation.Min min -> min.window();
      case Aggregation.Max max -> max.window();
      case Aggregation.Rate rate -> rate.window();
      case Aggregation.Distinct distinct -> distinct.window();
      case Aggregation.Quantile quantile -> quantile.window();
      default -> null;
    };
  }

  /** Whether an event's tile is there on behalf of a feature: the rule of who shares tiles. */
  private Predicate<Event> holdsTile(FeatureDefinition feature) {
    if (isSketch(feature)) {
      return event -> selects(feature, event);
    }
    List<FeatureDefinition> sharing =
        ofEntity(feature.entity())
            .filter(other -> !isSketch(other))
            .filter(other -> Objects.equals(Tiles.of(other), Tiles.of(feature)))
            .toList();
    return event -> sharing.stream().anyMatch(other -> selects(other, event));
  }

  private static boolean isSketch(FeatureDefinition feature) {
    return feature.aggregation() instanceof Aggregation.Distinct
        || feature.aggregation() instanceof Aggregation.Quantile;
  }

  /** The tiles that are kept of a key's events: the fourth newest decides which are too old. */
  private NavigableSet<Long> keptTiles(FeatureDefinition feature, Tiles tiles, List<Event> ofKey) {
    Predicate<Event> holds = holdsTile(feature);
    NavigableSet<Long> all = new TreeSet<>();
    for (Event event : ofKey) {
      if (holds.test(event)) {
        all.add(tiles.tile(event));
      }
    }
    if (all.size() < 4) {
      return all;
    }
    long fourth = all.descendingSet().stream().skip(3).findFirst().orElseThrow();
    return all.tailSet(fourth - tiles.reach - tiles.late, true);
  }

  /** Of a key's events those that a feature selects, keeps, and that a read at a time takes in. */
  private List<Event> window(FeatureDefinition feature, List<Event> ofKey, long timeMs) {
    Tiles tiles = Tiles.of(feature);
    NavigableSet<Long> kept = keptTiles(feature, tiles, ofKey);
    long last = Math.floorDiv(timeMs, tiles.tileMs);
    return ofKey.stream()
        .filter(event -> selects(feature, event))
        .filter(event -> kept.contains(tiles.tile(event)))
        .filter(event -> tiles.tile(event) >= last - tiles.reach && tiles.tile(event) <= last)
        .toList();
  }

  private static double clamped(double value, double most) {
    return Math.max(-most, Math.min(most, value));
  }

  /** A value as a whole number of 2⁻²⁰. */
  private static BigInteger fixed(Event event) {
    return new BigDecimal(clamped(event.value(), VALUE_MAX))
        .multiply(new BigDecimal(FIXED))
        .setScale(0, RoundingMode.HALF_EVEN)
        .toBigInteger();
  }

  private static DoubleStream fixedValues(List<Event> events) {
    return events.stream().mapToDouble(event -> fixed(event).doubleValue() / FIXED);
  }

  private static double sum(List<Event> events) {
    BigInteger sum = BigInteger.ZERO;
    for (Event event : events) {
      sum = sum.add(fixed(event));
    }
    return sum.doubleValue() / FIXED;
  }

  private static Expected distinct(Counted counted, List<Event> events) {
    long exact =
        events.stream()
            .map(event ->
                switch (counted) {
                  case ITEM -> event.item().value();
                  case USER -> event.user().value();
                })
            .distinct()
            .count();
    double error = exact <= EXACT_DISTINCT ? 1e-5 : DISTINCT_ERROR;
    return new Expected(exact * (1 - error), exact * (1 + error));
  }

  /** From the value that lies too low in the order to the one that lies too high. */
  private static Expected quantile(double share, List<Event> events) {
    if (events.isEmpty()) {
      return Expected.exactly(Double.NaN);
    }
    double[] sorted = events.stream().mapToDouble(Event::value).sorted().toArray();
    int low = (int) Math.floor((share - RANK_ERROR) * sorted.length) - 1;
    int high = (int) Math.ceil((share + RANK_ERROR) * sorted.length);
    return new Expected(
        sorted[Math.clamp(low, 0, sorted.length - 1)],
        sorted[Math.clamp(high, 0, sorted.length - 1)]);
  }

  private double decay(
      FeatureDefinition feature, Aggregation.Decay decay, List<Event> ofKey, long timeMs) {
    Tiles tiles = Tiles.of(feature);
    double halfLifeMs = decay.halfLife().toMillis();
    long last = Math.floorDiv(timeMs, tiles.tileMs);
    double sum = 0;
    for (long tile : keptTiles(feature, tiles, ofKey)) {
      long startMs = tile * tiles.tileMs;
      BigInteger amount = BigInteger.ZERO;
      for (Event event : ofKey) {
        if (selects(feature, event) && tiles.tile(event) == tile) {
          double value = decay.ofValues() ? event.value() : 1;
          double grown = StrictMath.pow(2, (event.timeMs() - startMs) / halfLifeMs) * FIXED * value;
          amount = amount.add(BigInteger.valueOf((long) Math.rint(clamped(grown, DECAY_MAX))));
        }
      }
      if (tile >= last - tiles.reach && tile <= last) {
        sum += amount.doubleValue() * StrictMath.pow(2, -(timeMs - startMs) / halfLifeMs) / FIXED;
      }
    }
    return sum;
  }

  /**
   * The newest selected events, oldest first, of two with one time the one later in the log as the
   * newer; of the newest {@code asked + 3} those that are not later than the read.
   */
  private static List<Event> newest(List<Event> ofKey, EventFilter filter, int asked, long timeMs) {
    List<Event> sorted =
        ofKey.stream()
            .filter(event -> matches(filter, event))
            .sorted(Comparator.comparingLong(Event::timeMs)) // Stable.
            .toList();
    return sorted.subList(Math.max(0, sorted.size() - asked - 3), sorted.size()).stream()
        .filter(event -> event.timeMs() <= timeMs)
        .toList();
  }

  /** How many events each feature found too old when they came. */
  Dropped dropped() {
    long ofTiles = 0;
    long others = 0;
    for (int i = 0; i < past.size(); i++) {
      Event event = past.get(i).event;
      for (FeatureDefinition feature : application.features()) {
        if (selects(feature, event)) {
          for (List<String> key : past.get(i).keys.get(feature.entity())) {
            List<Event> ofKey =
                past.subList(0, i + 1).stream()
                    .filter(p -> p.of(feature.entity(), key))
                    .map(Past::event)
                    .toList();
            Tiles tiles = Tiles.of(feature);
            if (tiles != null) {
              ofTiles += keptTiles(feature, tiles, ofKey).contains(tiles.tile(event)) ? 0 : 1;
            } else {
              others += hasNewer(feature, ofKey, event) ? 1 : 0;
            }
          }
        }
      }
      others += tooOldForItemCounts(i) ? 1 : 0;
    }
    return new Dropped(ofTiles, others);
  }

  private static boolean hasNewer(FeatureDefinition feature, List<Event> ofKey, Event event) {
    int asked = feature.aggregation() instanceof Aggregation.LastItems last ? last.n() : 1;
    return ofKey.stream()
            .filter(other -> selects(feature, other) && other.timeMs() > event.timeMs())
            .count()
        >= asked + 3;
  }

  /** Items count outcomes of 1, 7 and 30 days in the newest 32 tiles of 1, 7 and 30 hours. */
  private boolean tooOldForItemCounts(int index) {
    Event event = past.get(index).event;
    for (long hours : new long[] {1, 7, 30}) {
      long tileMs = hours * 3_600_000;
      long newer =
          past.subList(0, index).stream()
              .map(Past::event)
              .filter(other -> !other.type().equals(Event.IMPRESSION))
              .map(other -> Math.floorDiv(other.timeMs(), tileMs))
              .filter(tile -> tile > Math.floorDiv(event.timeMs(), tileMs))
              .distinct()
              .count();
      if (newer >= 32 && !event.type().equals(Event.IMPRESSION)) {
        return true;
      }
    }
    return false;
  }
}
