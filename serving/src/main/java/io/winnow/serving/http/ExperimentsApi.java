package io.winnow.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.events.RecordJson;
import io.winnow.experiments.analysis.ExperimentReport;
import io.winnow.experiments.analysis.Holdout;
import io.winnow.experiments.report.HtmlReport;
import io.winnow.experiments.report.JsonReport;
import io.winnow.serving.ExperimentAssignments;
import io.winnow.serving.ExperimentStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /v1/experiments}: what is tested, and what the log says about it. */
final class ExperimentsApi {
  private static final String TAG = "experiments";
  private static final int ACCEPTED = 202;
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final String RETRY_SECONDS = "2";
  private static final String HTML = "text/html; charset=utf-8";
  private static final String SECURITY_POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";
  private static final String COMPUTING_PAGE =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\""
          + " content=\"2\"><title>Computing</title></head><body><p>The report is being computed from"
          + " the log. This page asks again in two seconds.</p></body></html>";

  private final ApplicationDefinition application;
  private final Experiments experiments;
  private final ExperimentAssignments assignments;
  private final ExperimentReports reports;
  private final TimeSource time;
  private final RecordJson json;

  ExperimentsApi(
      ApplicationDefinition application,
      ExperimentAssignments assignments,
      ExperimentReports reports,
      TimeSource time,
      RecordJson json) {
    this.application = application;
    this.experiments = application.operations().experiments();
    this.assignments = assignments;
    this.reports = reports;
    this.time = time;
    this.json = json;
  }

  List<Route> routes() {
    return List.of(
        Route.get(
            "/v1/experiments",
            TAG,
            "The experiments of the application file and whether they are served",
            List.of(),
            this::list),
        Route.get(
            "/v1/experiments/{name}",
            TAG,
            "What the log says about an experiment: decision, reason, what could be wrong, figures;"
                + " 202 while the first report is being computed",
            List.of(),
            this::report),
        Route.get(
            "/v1/experiments/{name}/report",
            TAG,
            "The same as a page with plots",
            List.of(),
            this::page));
  }

  private Answer list(Route.Call call) {
    ObjectNode body = json.newObject();
    ArrayNode list = body.putArray("experiments");
    List<ExperimentStatus> served = assignments.status();
    for (Experiment experiment : experiments.list()) {
      ObjectNode line = line(list.addObject(), experiment);
      served.stream()
          .filter(status -> status.name().equals(experiment.name()))
          .findFirst()
          .ifPresent(status ->
              line.put("served", status.served()).put("not_served_because", status.reason()));
    }
    Holdout.experiment(experiments).ifPresent(holdout -> line(list.addObject(), holdout));
    return Answer.json(json.write(body));
  }

  private ObjectNode line(ObjectNode line, Experiment experiment) {
    Experiment.Population population = experiment.population();
    line.put("experiment", experiment.name());
    line.put("run", experiment.run());
    line.put("design", JsonReport.design(experiment.design()));
    line.put("status", status(population));
    instant(line, "from", population.from());
    instant(line, "until", population.until());
    line.put("traffic", population.traffic());
    ArrayNode arms = line.putArray("arms");
    experiment.arms().forEach(arm -> arms.add(arm.name()));
    line.put("primary", experiment.goals().primary());
    line.put("report", "/v1/experiments/" + experiment.name() + "/report");
    return line;
  }

  /** By the declared dates; who is in it, the report tells. */
  private String status(Experiment.Population population) {
    Instant now = Instant.ofEpochMilli(time.nowMs());
    if (population.from() != null && now.isBefore(population.from())) {
      return "waiting";
    }
    return population.until() != null && !now.isBefore(population.until()) ? "ended" : "running";
  }

  private static void instant(ObjectNode line, String name, @Nullable Instant instant) {
    if (instant != null) {
      line.put(name, instant.toString());
    }
  }

  private Answer report(Route.Call call) {
    Experiment experiment = experiment(call);
    ExperimentReports.State state = reports.get(application, experiment, PATIENCE);
    if (state.report().isEmpty()) {
      ObjectNode body = json.newObject();
      body.put("experiment", experiment.name()).put("computing", true);
      return Answer.json(json.write(body)).withStatus(ACCEPTED).with("Retry-After", RETRY_SECONDS);
    }
    ObjectNode body = json.newObject();
    JsonReport.of(state.report().get()).forEach((name, value) -> body.set(name, node(value)));
    body.put("computing", state.computing());
    return Answer.json(json.write(body));
  }

  private Answer page(Route.Call call) {
    ExperimentReports.State state = reports.get(application, experiment(call), PATIENCE);
    if (state.report().isEmpty()) {
      return html(COMPUTING_PAGE).withStatus(ACCEPTED).with("Retry-After", RETRY_SECONDS);
    }
    ExperimentReport report = state.report().get();
    return html(HtmlReport.render(report));
  }

  private static Answer html(String page) {
    return new Answer(
        200,
        HTML,
        page.getBytes(StandardCharsets.UTF_8),
        Map.of("Content-Security-Policy", SECURITY_POLICY));
  }

  private Experiment experiment(Route.Call call) {
    return Holdout.named(experiments, call.path().getOrDefault("name", ""));
  }

  /** A tree of maps, lists, texts and numbers as JSON. */
  private JsonNode node(@Nullable Object value) {
    return switch (value) {
      case null -> json.newObject().nullNode();
      case Map<?, ?> map -> {
        ObjectNode node = json.newObject();
        map.forEach((name, of) -> node.set(String.valueOf(name), node(of)));
        yield node;
      }
      case List<?> list -> {
        ArrayNode node = json.newObject().arrayNode();
        list.forEach(of -> node.add(node(of)));
        yield node;
      }
      case Boolean flag -> json.newObject().booleanNode(flag);
      case Integer number -> json.newObject().numberNode(number);
      case Long number -> json.newObject().numberNode(number);
      case Double number -> json.newObject().numberNode(number);
      default -> json.newObject().textNode(String.valueOf(value));
    };
  }
}
