package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FeaturesReaderTest {
  private static final String HEAD =
      """
      application: a
      items: { attributes: { category: string, tags: strings, price: number, published: time, user: string, request: string } }
      users: { attributes: { country: string, interests: strings, age: number, joined: time } }
      events: { click: {}, watch: { value: seconds } }
      features:
      """;

  private static List<FeatureDefinition> read(String features) {
    return ApplicationFile.parse(HEAD + features.indent(2), "w", Map.of()).definition().features();
  }

  private static List<Problem> problems(String features) {
    return assertThrows(WinnowException.class, () -> read(features)).problems();
  }

  private static List<String> names(String features) {
    return read(features).stream().map(FeatureDefinition::qualifiedName).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "user; user",
        "item; item",
        "category; category",
        "item.category; category",
        "tags; tags",
        "user.country; user.country",
        "user.interests; user.interests",
        "user x item; user x item",
        "user x category; user x category",
        "' user  x   item.tags '; user x tags",
        "user.country x item; user.country x item",
        "user.country x category; user.country x category",
        "user.interests x item.tags; user.interests x tags",
      })
  void read_entity_hasItsLabelAndReadsItAgain(String written, String label) {
    EntityReader entities =
        new EntityReader(
            ApplicationFile.parse(HEAD + "  user: { a: since(click) }\n", "w", Map.of())
                .definition()
                .schema());
    Entity entity = entities.read(written).orElseThrow();
    assertEquals(label, entity.label());
    assertEquals(entity, entities.read(label).orElseThrow());
    assertEquals(
        entity, read("'" + written + "': { a: count(click) over 1d }").getFirst().entity());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "categry; did you mean 'category'?",
        "user.county; did you mean 'user.country'?",
        "user x categry; did you mean 'user x category'?",
        "user.county x itm; did you mean 'user.country x item'?",
        "category x user; did you mean 'user x category'?",
        "user x; did you mean 'user'?",
        "user x user; one of user, user.country, user.interests, item, category, tags, request",
        "item x item; U of user, user.country, user.interests and I of item, category, tags",
        "user and item; or U x I",
        "item.user; under another name: 'user' is an entity of its own",
        "user x item.request; under another name: 'request' is an entity of its own",
        "price; string or strings; price is of type number",
        "user x item.price; item.price is of type number",
        "user.age; user.age is of type number",
        "country; one of user, user.country",
      })
  void read_unknownEntity_namesTheNearest(String label, String expected) {
    Problem problem = problems("'" + label + "': { a: count(click) over 1d }").getFirst();
    assertEquals("features." + label, problem.field());
    assertEquals(label, problem.value());
    assertTrue(problem.expectation().contains(expected), problem.expectation());
  }

  @Test
  void read_attributesCalledLikeEntities_doNotShadowThem() {
    assertEquals(
        List.of(Entity.USER, new Entity.Request()),
        read("user: { a: since(click) }\nrequest: { b: hour_of_day }").stream()
            .map(FeatureDefinition::entity)
            .toList());
  }

  @Test
  void read_severalWindows_declaresOneFeatureEach() {
    List<FeatureDefinition> features =
        read(
            "user: { watches: 'count(watch) over 1h, 24h, 7d late 2h', one: count(watch) over 1h }");
    EventFilter watch = EventFilter.ofType("watch");
    Duration late = Duration.ofHours(2);
    assertEquals(
        List.of(
            new FeatureDefinition(
                "watches_1h",
                Entity.USER,
                new Aggregation.Count(watch, new Window(Duration.ofHours(1), late))),
            new FeatureDefinition(
                "watches_24h",
                Entity.USER,
                new Aggregation.Count(watch, new Window(Duration.ofHours(24), late))),
            new FeatureDefinition(
                "watches_7d",
                Entity.USER,
                new Aggregation.Count(watch, new Window(Duration.ofDays(7), late))),
            new FeatureDefinition(
                "one", Entity.USER, new Aggregation.Count(watch, Window.of(Duration.ofHours(1))))),
        features);
  }

  @Test
  void read_flowMappingWithoutQuotes_keepsCommasOfOneValueTogether() {
    assertEquals(
        List.of(
            "user.a_1h", "user.a_1d", "user.b_5m", "user.b_7d", "user.c_1h", "user.c_2h", "user.d"),
        names(
            "user: { a: count(watch) over 1h, 1d, b: rate(click, watch) over 5m, 7d late 10m prior"
                + " 0.1, c: 'quantile(0.5, watch.value) over 1h, 2h', d: since(click) }"));
  }

  @Test
  void read_namesThatCollide_areProblems() {
    Problem windows =
        problems(
                """
                user:
                  a_1h: count(click) over 1h
                  a: count(watch) over 1h, 1d
                """)
            .getFirst();
    assertEquals("features.user.a", windows.field());
    assertEquals("user.a_1h a second time", windows.value());
    assertTrue(
        windows.expectation().startsWith("each name once: features.user.a_1h declares it"),
        windows.expectation());
    Problem alias =
        problems("category: { a: since(click) }\nitem.category: { a: since(watch) }").getFirst();
    assertEquals("category.a a second time", alias.value());
    Problem longName =
        problems("user: { " + "n".repeat(62) + ": 'count(click) over 1h, 1d' }").getFirst();
    assertEquals("n".repeat(62) + "_1h", longName.value());
    assertEquals(Lexer.NAME_EXPECTATION, longName.expectation());
  }

  @Test
  void read_windowsCountAsFeatures_upToTheBound() {
    StringBuilder features = new StringBuilder("user:\n");
    for (int i = 0; i < 50; i++) {
      features
          .append("  f")
          .append(i)
          .append(": count(click) over 1m, 2m, 3m, 4m, 5m, 6m, 7m, 8m, 9m, 10m\n");
    }
    assertEquals(FeaturesReader.MAX_FEATURES, read(features.toString()).size());
    assertEquals("501 features", problems(features + "  more: since(click)\n").getFirst().value());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "item; last(5, watch.item); last(n, EVENT.item) under user",
        "category; last(5, watch.item); last(n, EVENT.item) under user",
        "user x item; last(5, watch.item); last(n, EVENT.item) under user",
        "request; count(click) over 1d; hour_of_day, day_of_week or context.FIELD under request",
        "request; distinct(click.item) over 1d; hour_of_day, day_of_week or context.FIELD",
        "request; decay(click) half_life 1d; hour_of_day, day_of_week or context.FIELD",
        "request; since(published); since(ATTRIBUTE) under item or user",
        "category; since(published); since(ATTRIBUTE) under item or user",
        "user x item; since(joined); since(ATTRIBUTE) under item or user",
        "user; since(published); an attribute of type time of users: joined",
        "item; since(joined); an attribute of type time of items: published",
        "user; hour_of_day; hour_of_day, day_of_week and context under request",
        "item; context.device; hour_of_day, day_of_week and context under request",
        "item; distinct(click.item) over 1d; under item there is only the one item",
        "user; distinct(click.user) over 1d; under user there is only the one user",
        "user x item; distinct(click.item) over 1d; under user x item there is only the one item",
        "user x item; distinct(click.user) over 1d; under user x item there is only the one user",
        "user.country x item; distinct(click.item) over 1d; there is only the one item",
        "user x category; distinct(click.user) over 1d; there is only the one user",
      })
  void read_aggregationThatDoesNotFit_saysWhatWould(
      String entity, String expression, String expected) {
    List<Problem> problems = problems(entity + ": { a: '" + expression + "' }");
    assertEquals(1, problems.size(), problems.toString());
    assertEquals("features." + entity + ".a", problems.getFirst().field());
    assertEquals(expression, problems.getFirst().value());
    assertTrue(
        problems.getFirst().expectation().contains(expected), problems.getFirst().expectation());
  }

  @Test
  void read_aggregationsThatFit_areRead() {
    assertEquals(
        10,
        read("""
        user: { a: since(joined), b: distinct(watch.item) over 7d, c: 'last(5, watch.item)' }
        item: { a: since(published), b: distinct(watch.user) over 7d }
        user.country x category: { a: distinct(watch.item) over 1d, b: distinct(watch.user) over 1d }
        user x tags: { a: distinct(watch.item) over 1d, b: last(watch.value) }
        user.country x item: { a: distinct(click.user) over 1d }
        """)
            .size());
  }
}
