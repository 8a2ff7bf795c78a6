package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureStorePolicy.Audit;
import io.winnow.core.application.FeatureStorePolicy.View;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FeatureStoreReaderTest {
  private static final String HEAD =
      """
      application: a
      items: { attributes: { category: string, tags: strings } }
      users: { attributes: { country: string } }
      events: { click: {}, watch: { value: seconds } }
      features:
        user: { a: count(watch) over 1d }
        item: { a: count(watch) over 400d, b: since(click) }
        category: { a: decay(click) half_life 3d }
        user x category: { a: count(watch) over 1d, b: sum(watch.value) over 72h late 10d, c: mean(watch.value) over 7d }
        request: { hour: hour_of_day }
      """;

  private static FeatureStorePolicy read(String section, Map<String, String> environment) {
    return ApplicationFile.parse(HEAD + section, "w", environment)
        .definition()
        .operations()
        .featureStore();
  }

  private static List<Problem> problems(String section) {
    return assertThrows(WinnowException.class, () -> read(section, Map.of())).problems();
  }

  @Test
  void read_nothing_isTheDefaultAndLongerWhereAWindowNeedsIt() {
    FeatureStorePolicy policy = read("", Map.of());
    assertEquals(Map.of("item", new View(Duration.ofDays(500), 8192)), policy.views());
    assertEquals(View.DEFAULT, policy.view("user"));
    assertEquals(View.DEFAULT, policy.view("user x category"));
    assertEquals(Audit.DEFAULT, policy.audit());
    assertEquals(
        FeatureStorePolicy.DEFAULT,
        ApplicationFile.parse("{ application: a, events: [click] }", "w", Map.of())
            .definition()
            .operations()
            .featureStore());
  }

  @Test
  void read_everything_isWhatWasWritten() {
    FeatureStorePolicy policy =
        read(
            """
            feature_store:
              views:
                user: { ttl: 30d }
                item: { ttl: 500d }
                item.category: { max_keys: 1000000 }
                user  x  item.category: { ttl: 13d, max_keys: 1 }
              audit: { sample: 0.5, max_mismatches: 0.001 }
            """,
            Map.of());
    assertEquals(
        Map.of(
            "user", new View(Duration.ofDays(30), 8192),
            "item", new View(Duration.ofDays(500), 8192),
            "category", new View(Duration.ofDays(400), 1_000_000),
            "user x category", new View(Duration.ofDays(13), 1)),
        policy.views());
    assertEquals(new Audit(0.5, 0.001), policy.audit());
  }

  @Test
  void read_environment_replacesValues() {
    FeatureStorePolicy policy =
        read(
            "feature_store: { views: { user x category: { ttl: 90d, max_keys: 5 } } }",
            Map.of(
                "WINNOW_FEATURE_STORE_VIEWS_USER_X_CATEGORY_TTL", "91d",
                "WINNOW_FEATURE_STORE_VIEWS_USER_X_CATEGORY_MAX_KEYS", "6",
                "WINNOW_FEATURE_STORE_AUDIT_MAX_MISMATCHES", "0.25"));
    assertEquals(new View(Duration.ofDays(91), 6), policy.view("user x category"));
    assertEquals(new Audit(0.01, 0.25), policy.audit());
    assertEquals(
        new Audit(1, 0), read("", Map.of("WINNOW_FEATURE_STORE_AUDIT_SAMPLE", "1")).audit());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "views: { user x category: { ttl: 12d } }; views.user x category.ttl; 12d; at least 13d: the"
            + " window of user x category.b (3d) and its lateness (10d)",
        "views: { item: { ttl: 499d } }; views.item.ttl; 499d; at least 500d: the window of item.a"
            + " (400d) and its lateness (100d)",
        "views: { category: { ttl: 30s } }; views.category.ttl; 30s; from 1m to 3650d",
        "views: { category: { ttl: 3651d } }; views.category.ttl; 3651d; from 1m to 3650d",
        "views: { category: { ttl: forever } }; views.category.ttl; forever; a duration such as",
        "views: { category: { ttls: 1d } }; views.category.ttls; unknown key; did you mean 'ttl'?",
        "views: { category: { max_keys: 0 } }; views.category.max_keys; 0; from 1 to 1000000",
        "views: { category: { max_keys: 1000001 } }; views.category.max_keys; 1000001; from 1 to",
        "views: { user: { max_keys: 5 } }; views.user.max_keys; 5; one state for each user, which"
            + " the store bounds",
        "views: { item: { max_keys: 5 } }; views.item.max_keys; 5; one state for each item, which"
            + " the catalogue bounds",
        "views: { user x categry: { ttl: 20d } }; views.user x categry; user x categry; did you mean"
            + " 'user x category'?",
        "views: { user x tags: { ttl: 20d } }; views.user x tags; user x tags; the entity of"
            + " declared features of events: one of user, item, category, user x category",
        "views: { request: { ttl: 20d } }; views.request; request; the entity of declared features",
        "views: { category: {}, item.category: {} }; views.item.category; item.category a second"
            + " time; each view once",
        "views: [user]; views; a list of 1; a mapping",
        "audit: { sample: 1.1 }; audit.sample; 1.1; from 0 to 1",
        "audit: { max_mismatches: -1 }; audit.max_mismatches; -1; from 0 to 1",
        "audit: { rate: 1 }; audit.rate; unknown key; one of sample, max_mismatches",
        "vews: {}; vews; unknown key; did you mean 'views'?",
      })
  void read_wrong_saysWhereAndWhat(String section, String field, String value, String expected) {
    List<Problem> problems = problems("feature_store: { " + section + " }");
    assertEquals(1, problems.size(), problems.toString());
    Problem problem = problems.getFirst();
    assertEquals("feature_store." + field, problem.field());
    assertEquals(value, problem.value());
    assertTrue(problem.expectation().contains(expected), problem.expectation());
  }
}
