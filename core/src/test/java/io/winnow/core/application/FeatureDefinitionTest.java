package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.EventFilter.Comparison;
import io.winnow.core.application.EventFilter.Operator;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FeatureDefinitionTest {
  private static final EventFilter FILTER =
      new EventFilter("watch", new Comparison(Operator.GREATER_OR_EQUAL, 30));
  private static final Window WINDOW = Window.of(Duration.ofDays(7));

  /** One of each kind. */
  private static final List<Aggregation> EACH =
      List.of(
          new Aggregation.Count(FILTER, WINDOW),
          new Aggregation.Sum(FILTER, WINDOW),
          new Aggregation.Mean(FILTER, WINDOW),
          new Aggregation.Min(FILTER, WINDOW),
          new Aggregation.Max(FILTER, WINDOW),
          new Aggregation.Rate(FILTER, EventFilter.ofType("click"), WINDOW, 0.05, 20),
          new Aggregation.Distinct(FILTER, Aggregation.Distinct.Counted.ITEM, WINDOW),
          new Aggregation.Quantile(FILTER, 0.9, WINDOW),
          new Aggregation.Decay(FILTER, true, Duration.ofDays(3)),
          new Aggregation.LastItems(FILTER, 50),
          new Aggregation.LastValue(FILTER),
          new Aggregation.SinceEvent(FILTER),
          new Aggregation.SinceAttribute("published"),
          new Aggregation.HourOfDay(),
          new Aggregation.DayOfWeek(),
          new Aggregation.Context("device"));

  private static String version(Aggregation aggregation) {
    return new FeatureDefinition("a", Entity.USER, aggregation).version();
  }

  /** The value with one field after another replaced, at any depth. */
  private static List<Object> variants(Object value) throws ReflectiveOperationException {
    return switch (value) {
      case Double number -> List.of(number / 2 + 0.01, Math.nextUp(number));
      case Integer number -> List.of(number + 1);
      case Boolean flag -> List.of(!flag);
      case Duration duration -> List.of(duration.plusMillis(1), duration.plusDays(1));
      case String text -> List.of(text + "x", "x" + text);
      case Enum<?> constant ->
          Arrays.stream(constant.getDeclaringClass().getEnumConstants())
              .filter(other -> other != constant)
              .map(Object.class::cast)
              .toList();
      case Record record -> variantsOf(record);
      default -> throw new AssertionError("a field of " + value.getClass());
    };
  }

  private static List<Object> variantsOf(Record value) throws ReflectiveOperationException {
    RecordComponent[] components = value.getClass().getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] fields = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      fields[i] = components[i].getAccessor().invoke(value);
    }
    Constructor<?> constructor = value.getClass().getDeclaredConstructor(types);
    List<Object> variants = new ArrayList<>();
    for (int i = 0; i < components.length; i++) {
      if (fields[i] == null) {
        continue;
      }
      List<Object> replacements = new ArrayList<>(variants(fields[i]));
      if (fields[i] instanceof Comparison) {
        replacements.add(null);
      }
      assertTrue(!replacements.isEmpty(), components[i].toString());
      for (Object replacement : replacements) {
        Object[] changed = fields.clone();
        changed[i] = replacement;
        variants.add(constructor.newInstance(changed));
      }
    }
    return variants;
  }

  @Test
  void version_anyFieldOfAnyAggregationChanged_isAnother() throws Exception {
    assertEquals(
        Set.of(Aggregation.class.getPermittedSubclasses()),
        new HashSet<>(EACH.stream().map(Object::getClass).toList()));
    Map<String, Object> seen = new HashMap<>();
    for (Aggregation aggregation : EACH) {
      List<Object> all = new ArrayList<>(List.of(aggregation));
      all.addAll(variantsOf((Record) aggregation));
      for (Object variant : all) {
        String version = version((Aggregation) variant);
        assertTrue(version.matches("[0-9a-f]{8}"), version);
        Object other = seen.put(version, variant);
        assertTrue(other == null || other.equals(variant), () -> variant + " and " + other);
      }
    }
    assertTrue(seen.size() > 150, "versions: " + seen.size());
  }

  @Test
  void version_ofEntities_differs() {
    Entity.Key attribute = new Entity.Key.Attribute("country");
    List<Entity> entities = new ArrayList<>(List.of(new Entity.Request()));
    for (Entity.Key user : List.of(Entity.Key.NONE, Entity.Key.ID, attribute)) {
      for (Entity.Key item : List.of(Entity.Key.NONE, Entity.Key.ID, attribute)) {
        if (!user.equals(Entity.Key.NONE) || !item.equals(Entity.Key.NONE)) {
          entities.add(new Entity.Keys(user, item));
        }
      }
    }
    Set<String> versions = new HashSet<>();
    for (Entity entity : entities) {
      assertTrue(
          versions.add(new FeatureDefinition("a", entity, EACH.getFirst()).version()),
          entity.label());
    }
    assertEquals(9, versions.size());
  }

  @Test
  void version_nameOrSpellingChanged_isTheSame() {
    FeatureDefinition one = new FeatureDefinition("a", Entity.USER, EACH.getFirst());
    assertEquals(one.version(), new FeatureDefinition("b", Entity.USER, EACH.getFirst()).version());
    ApplicationDefinition spelled =
        ApplicationFile.parse(
                """
                application: a
                items: { attributes: { topic: string } }
                events: { watch: { value: seconds } }
                features:
                  topic: { a: count(watch.value >= 30) over 1d }
                  item.topic: { b: count( watch where value>=30.0 ) over 24h late 6h }
                """,
                "w",
                Map.of())
            .definition();
    assertEquals("topic", spelled.features().get(1).entity().label());
    assertEquals(spelled.features().get(0).version(), spelled.features().get(1).version());
  }

  @Test
  void version_attributeAndEventTypeOfOneName_differ() {
    Aggregation event = new Aggregation.SinceEvent(EventFilter.ofType("published"));
    assertEquals(event.text(), new Aggregation.SinceAttribute("published").text());
    assertNotEquals(version(event), version(new Aggregation.SinceAttribute("published")));
  }

  /** Stores and releases keep versions: these change only together with what is computed. */
  @Test
  void version_ofKnownDefinitions_staysAsItWas() {
    assertEquals("count(watch where value >= 30.0) over 7d late 42h", EACH.getFirst().text());
    assertEquals("b06e710a", version(EACH.getFirst()));
    assertEquals("6d37c6c8", version(EACH.get(7)));
  }

  @Test
  void records_impossibleValues_areRefused() {
    Duration day = Duration.ofDays(1);
    assertThrows(IllegalArgumentException.class, () -> Window.of(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> new Window(day, day.negated()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Aggregation.Quantile(FILTER, Math.nextUp(1.0), WINDOW));
    assertThrows(
        IllegalArgumentException.class, () -> new Aggregation.Quantile(FILTER, Double.NaN, WINDOW));
    assertThrows(
        IllegalArgumentException.class, () -> new Aggregation.Decay(FILTER, false, Duration.ZERO));
    assertThrows(
        IllegalArgumentException.class, () -> new Entity.Keys(Entity.Key.NONE, Entity.Key.NONE));
  }
}
