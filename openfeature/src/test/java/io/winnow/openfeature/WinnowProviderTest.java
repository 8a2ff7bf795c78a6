package io.winnow.openfeature;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.ErrorCode;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.Value;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiments;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Through the SDK's own client, as a service uses it. */
class WinnowProviderTest {
  private static final ApplicationFile APPLICATION =
      ApplicationFile.parse(
          """
          application: clips
          items: { attributes: { category: string } }
          users: { attributes: { country: string, tags: strings } }
          events: [click]
          metrics: { ctr: "ratio(click, impression)" }
          experiments:
            ranker: { arms: { control: {}, treatment: {} } }
            tv: { when: { surface: home, context.device: tv }, arms: { a: {}, b: {} } }
            austria: { when: { user.country: at }, unless: { user.tags: staff }, arms: { a: {}, b: {} } }
            visit: { unit: session, arms: { a: {}, b: {} } }
            over: { until: 2020-01-01, arms: { a: {}, b: {} } }
            draft: { design: interleaving, arms: { a: {}, b: {} } }
            bandit: { design: bandit, bandit: { metric: ctr }, arms: { a: {}, b: {} } }
          testers: { tester: { ranker: treatment } }
          """,
          "winnow.yaml",
          Map.of());

  private static final String DOMAIN = "winnow-provider-test";
  private static Client client;

  @BeforeAll
  static void start() {
    OpenFeatureAPI.getInstance().setProviderAndWait(DOMAIN, WinnowProvider.of(APPLICATION));
    client = OpenFeatureAPI.getInstance().getClient(DOMAIN);
  }

  @AfterAll
  static void stop() {
    OpenFeatureAPI.getInstance().shutdown();
  }

  private static FlagEvaluationDetails<String> of(String flag, ImmutableContext context) {
    return client.getStringDetails(flag, "none", context);
  }

  @Test
  void string_ofAUser_isTheArm() {
    int treated = 0;
    for (int user = 0; user < 200; user++) {
      FlagEvaluationDetails<String> details = of("ranker", new ImmutableContext("u" + user));
      assertEquals("SPLIT", details.getReason());
      assertEquals(details.getValue(), details.getVariant());
      assertEquals(0.5, details.getFlagMetadata().getDouble("probability"));
      treated += details.getValue().equals("treatment") ? 1 : 0;
    }
    assertTrue(treated > 70 && treated < 130, treated + " of 200");
  }

  @Test
  void string_targeting_readsSurfaceFieldsAndAttributes() {
    ImmutableContext home =
        new ImmutableContext("u1", Map.of("surface", new Value("home"), "device", new Value("tv")));
    assertEquals("SPLIT", of("tv", home).getReason());
    assertEquals("DEFAULT", of("tv", new ImmutableContext("u1")).getReason());
    ImmutableContext austrian = new ImmutableContext("u1", Map.of("user.country", new Value("at")));
    assertEquals("SPLIT", of("austria", austrian).getReason());
    ImmutableContext staff =
        new ImmutableContext(
            "u1",
            Map.of(
                "user.country",
                new Value("at"),
                "user.tags",
                new Value(List.of(new Value("staff")))));
    assertEquals("default", of("austria", staff).getValue());
    assertEquals(
        "the user's attributes are not known",
        of("austria", new ImmutableContext("u1")).getFlagMetadata().getString("why"));
    ImmutableContext visit = new ImmutableContext("u1", Map.of("session", new Value("s1")));
    assertEquals("SPLIT", of("visit", visit).getReason());
    assertEquals("default", of("visit", new ImmutableContext("u1")).getValue());
  }

  @Test
  void string_ofOtherDesignsAndTesters_saysSo() {
    assertEquals("STATIC", of("ranker", new ImmutableContext("tester")).getReason());
    assertEquals("treatment", of("ranker", new ImmutableContext("tester")).getValue());
    assertEquals("DISABLED", of("over", new ImmutableContext("u1")).getReason());
    assertEquals("default", of("draft", new ImmutableContext("u1")).getValue());
    assertEquals(ErrorCode.GENERAL, of("bandit", new ImmutableContext("u1")).getErrorCode());
  }

  @Test
  void anything_thatIsWrong_isTheCallersDefault() {
    ImmutableContext user = new ImmutableContext("u1");
    assertEquals(ErrorCode.FLAG_NOT_FOUND, of("rankers", user).getErrorCode());
    assertEquals("none", of("rankers", user).getValue());
    assertEquals(
        ErrorCode.TARGETING_KEY_MISSING, of("ranker", new ImmutableContext()).getErrorCode());
    assertEquals(
        ErrorCode.INVALID_CONTEXT, of("ranker", new ImmutableContext("a\u0000")).getErrorCode());
    assertEquals(
        ErrorCode.TYPE_MISMATCH, client.getBooleanDetails("ranker", true, user).getErrorCode());
    assertEquals(true, client.getBooleanValue("ranker", true, user));
    assertEquals(
        ErrorCode.TYPE_MISMATCH, client.getIntegerDetails("ranker", 1, user).getErrorCode());
    assertEquals(
        ErrorCode.FLAG_NOT_FOUND, client.getDoubleDetails("rankers", 1.0, user).getErrorCode());
  }

  @Test
  void string_withoutExperiments_findsNoFlag() {
    WinnowProvider empty = new WinnowProvider(Experiments.NONE, () -> 0);
    assertEquals(
        ErrorCode.FLAG_NOT_FOUND,
        empty.getStringEvaluation("x", "y", new ImmutableContext("u1")).getErrorCode());
  }
}
