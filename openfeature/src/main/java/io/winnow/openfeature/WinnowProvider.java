package io.winnow.openfeature;

import dev.openfeature.sdk.ErrorCode;
import dev.openfeature.sdk.EvaluationContext;
import dev.openfeature.sdk.FeatureProvider;
import dev.openfeature.sdk.ImmutableMetadata;
import dev.openfeature.sdk.Metadata;
import dev.openfeature.sdk.ProviderEvaluation;
import dev.openfeature.sdk.Value;
import io.winnow.core.AttributeValue;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment.Design;
import io.winnow.core.application.Experiments;
import io.winnow.experiments.assignment.ArmFlag;
import io.winnow.experiments.assignment.Assigner;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Decision;
import io.winnow.experiments.assignment.Subject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates the experiments of an application file in this process. A flag is an experiment; its
 * value and variant are the arm's name, {@link ArmFlag#DEFAULT} for who is in no arm, the same as
 * the server's answer over OFREP.
 *
 * <p>Of the evaluation context, {@code targetingKey} is the user and {@code surface} the surface; a
 * field {@code device} of a request's context is {@code context.device} or {@code device}; {@code
 * user.country} is the attribute {@code country}, text or a list of texts, which only the caller
 * knows here. Without any attribute the user is in no experiment that looks at one.
 *
 * <p>Flags are texts. Asking for a truth value or a number is a {@code TYPE_MISMATCH}, as it is of
 * the server: 'is it the treatment' has no answer where there are three arms, and a default that
 * reads as 'control' would count units that never were in the experiment.
 *
 * <p>The arms of a bandit follow results that only the server knows: asking for one is an error.
 * Whether a release that an arm names can be served is the server's knowledge too; who must not act
 * on an arm that recommendations do not follow asks over OFREP.
 *
 * <p>Reading is not acting: a service that acts on an arm tells the server ({@code POST
 * /v1/experiments/NAME/exposures}), or its users do not count. Immutable and thread-safe.
 */
public final class WinnowProvider implements FeatureProvider {
  private final Experiments experiments;
  private final Assigner assigner;
  private final TimeSource clock;

  /** A provider over experiments. */
  public WinnowProvider(Experiments experiments, TimeSource clock) {
    this.experiments = experiments;
    this.assigner = Assigner.of(experiments);
    this.clock = clock;
  }

  /** A provider over an application file, by the system's clock. */
  public static WinnowProvider of(ApplicationFile application) {
    return new WinnowProvider(
        application.definition().operations().experiments(), TimeSource.system());
  }

  @Override
  public Metadata getMetadata() {
    return () -> "winnow";
  }

  @Override
  public ProviderEvaluation<String> getStringEvaluation(
      String key, String defaultValue, EvaluationContext context) {
    if (experiments.experiment(key).isEmpty()) {
      return failed(defaultValue, ErrorCode.FLAG_NOT_FOUND, "no experiment of this name");
    }
    if (experiments.experiment(key).orElseThrow().design() instanceof Design.Bandit) {
      return failed(
          defaultValue, ErrorCode.GENERAL, "a bandit's arms are known to the server only");
    }
    String targetingKey = context.getTargetingKey();
    if (targetingKey == null || targetingKey.isBlank()) {
      return failed(defaultValue, ErrorCode.TARGETING_KEY_MISSING, "the user's id is expected");
    }
    Decision decision;
    try {
      decision = assigner.decide(key, subject(targetingKey, context)).orElseThrow();
    } catch (WinnowException e) {
      return failed(defaultValue, ErrorCode.INVALID_CONTEXT, String.valueOf(e.getMessage()));
    }
    ArmFlag flag = ArmFlag.of(decision);
    return ProviderEvaluation.<String>builder()
        .value(flag.value())
        .variant(flag.value())
        .reason(flag.reason().name())
        .flagMetadata(metadata(decision))
        .build();
  }

  private static ImmutableMetadata metadata(Decision decision) {
    return switch (decision) {
      case Decision.In(Assignment assignment) when assignment.arm() == null ->
          ImmutableMetadata.builder().addString("why", ArmFlag.INTERLEAVED).build();
      case Decision.In(Assignment assignment) ->
          ImmutableMetadata.builder()
              .addInteger("run", assignment.experiment().run())
              .addDouble("probability", assignment.probability())
              .build();
      case Decision.Out(Decision.Why why) ->
          ImmutableMetadata.builder().addString("why", why.text()).build();
    };
  }

  private Subject subject(String user, EvaluationContext context) {
    Map<String, Value> values = context.asMap();
    Map<String, String> fields = new LinkedHashMap<>();
    for (String name : assigner.contextFields()) {
      Value value = values.get("context." + name);
      String text = text(value == null ? values.get(name) : value);
      if (text != null) {
        fields.put(name, text);
      }
    }
    Value surface = values.get("surface");
    return new Subject(
        new UserId(user),
        surface != null && surface.isString() ? surface.asString() : "",
        fields,
        attributes(values),
        clock.nowMs());
  }

  private static @Nullable String text(@Nullable Value value) {
    if (value == null || !(value.isString() || value.isBoolean() || value.isNumber())) {
      return null;
    }
    return String.valueOf(value.asObject());
  }

  private static @Nullable Map<String, AttributeValue> attributes(Map<String, Value> values) {
    Map<String, AttributeValue> attributes = new LinkedHashMap<>();
    boolean known = false;
    for (Map.Entry<String, Value> entry : values.entrySet()) {
      if (!entry.getKey().startsWith("user.")) {
        continue;
      }
      known = true;
      String name = entry.getKey().substring("user.".length());
      Value value = entry.getValue();
      if (value.isString()) {
        attributes.put(name, new AttributeValue.Text(value.asString()));
      } else if (value.isList()) {
        List<String> texts =
            value.asList().stream().filter(Value::isString).map(Value::asString).toList();
        attributes.put(name, new AttributeValue.Tokens(texts));
      }
    }
    return known ? attributes : null;
  }

  private static <T> ProviderEvaluation<T> failed(T value, ErrorCode code, String message) {
    return ProviderEvaluation.<T>builder()
        .value(value)
        .reason("ERROR")
        .errorCode(code)
        .errorMessage(message)
        .build();
  }

  private <T> ProviderEvaluation<T> mismatch(String key, T value) {
    return experiments.experiment(key).isEmpty()
        ? failed(value, ErrorCode.FLAG_NOT_FOUND, "no experiment of this name")
        : failed(value, ErrorCode.TYPE_MISMATCH, "the name of an arm is a text");
  }

  @Override
  public ProviderEvaluation<Boolean> getBooleanEvaluation(
      String key, Boolean defaultValue, EvaluationContext context) {
    return mismatch(key, defaultValue);
  }

  @Override
  public ProviderEvaluation<Integer> getIntegerEvaluation(
      String key, Integer defaultValue, EvaluationContext context) {
    return mismatch(key, defaultValue);
  }

  @Override
  public ProviderEvaluation<Double> getDoubleEvaluation(
      String key, Double defaultValue, EvaluationContext context) {
    return mismatch(key, defaultValue);
  }

  @Override
  public ProviderEvaluation<Long> getLongEvaluation(
      String key, Long defaultValue, EvaluationContext context) {
    return mismatch(key, defaultValue);
  }

  @Override
  public ProviderEvaluation<Value> getObjectEvaluation(
      String key, Value defaultValue, EvaluationContext context) {
    return mismatch(key, defaultValue);
  }
}
