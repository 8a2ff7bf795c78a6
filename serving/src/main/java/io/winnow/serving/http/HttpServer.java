package io.winnow.serving.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http1.Http1Config;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.serving.ExperimentAssignments;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Function;

/** The running server. {@link #close()} stops it; calls in work may finish for a moment. */
public final class HttpServer implements AutoCloseable {
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration IDLE_PERIOD = Duration.ofSeconds(10);
  private static final Duration STOP_GRACE = Duration.ofSeconds(2);
  private static final Duration REPORTS_FRESH = Duration.ofSeconds(30);

  private final WebServer server;
  private final ReadWatch readWatch;
  private final String host;
  private final Consumer<ApplicationDefinition> change;
  private final ExperimentReports reports;

  private HttpServer(
      WebServer server,
      ReadWatch readWatch,
      String host,
      Consumer<ApplicationDefinition> change,
      ExperimentReports reports) {
    this.server = server;
    this.readWatch = readWatch;
    this.host = host;
    this.change = change;
    this.reports = reports;
  }

  /**
   * Starts listening and returns when requests are answered.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if the address cannot be listened on
   */
  public static HttpServer start(HttpConfig config, HttpDependencies dependencies) {
    HttpConfig.Limits limits = config.limits();
    HttpDependencies.Operations operations = dependencies.operations();
    ProblemDetails problems = new ProblemDetails(json(dependencies));
    Semaphore permits = new Semaphore(limits.concurrentRequestsMax());
    HttpMetrics metrics =
        new HttpMetrics(
            operations.meters(),
            dependencies.features(),
            () -> limits.concurrentRequestsMax() - permits.availablePermits());
    ExperimentReports reports = reports(dependencies);
    Function<ApplicationDefinition, Router> routers =
        application ->
            new Router(routes(config, dependencies.with(application), problems, metrics, reports));
    Router router = routers.apply(dependencies.application());
    ReadWatch readWatch = new ReadWatch(limits.bodyTime());
    Dispatcher dispatcher =
        new Dispatcher(router, config, permits, readWatch, problems, metrics, operations.ids());
    WebServer server =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            // Head and body of an answer are two packets: the second must not wait for the client.
            .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build())
            .shutdownHook(false) // the composition root stops it, before the log that it writes to
            .shutdownGracePeriod(STOP_GRACE)
            .maxTcpConnections(limits.connectionsMax())
            .idleConnectionTimeout(IDLE_TIMEOUT)
            .idleConnectionPeriod(IDLE_PERIOD)
            .addProtocol(
                Http1Config.builder()
                    .maxPrologueLength(limits.headerBytesMax())
                    .maxHeadersSize(limits.headerBytesMax())
                    .build())
            .directHandlers(new TransportErrors(problems, metrics, operations.ids()).handlers())
            .routing(routing -> routing.any(dispatcher))
            .build();
    server.start();
    // Helidon logs what kept it from listening, and returns.
    if (!server.isRunning()) {
      readWatch.close();
      reports.close();
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "http: cannot listen on %s:%d (expected: a free port of this machine)"
              .formatted(config.host(), config.port()));
    }
    return new HttpServer(
        server,
        readWatch,
        config.host(),
        application -> dispatcher.route(routers.apply(application)),
        reports);
  }

  private static ExperimentReports reports(HttpDependencies dependencies) {
    HttpDependencies.Operations operations = dependencies.operations();
    return new ExperimentReports(
        dependencies.log(),
        operations.requestTime(),
        version ->
            operations.releases().get().stream()
                .filter(
                    release -> version.isEmpty() ? release.active() : release.id().equals(version))
                .findFirst()
                .map(ReleaseInfo::metrics)
                .orElse(Map.of()),
        REPORTS_FRESH);
  }

  private static RecordJson json(HttpDependencies dependencies) {
    HttpDependencies.Operations operations = dependencies.operations();
    return new RecordJson(
        dependencies.application().schema(),
        operations.time(),
        () -> operations.ids().get().toString());
  }

  /** Speaks of another application from the next request on. */
  public void serve(ApplicationDefinition application) {
    change.accept(application);
  }

  private static List<Route> routes(
      HttpConfig config,
      HttpDependencies dependencies,
      ProblemDetails problems,
      HttpMetrics metrics,
      ExperimentReports reports) {
    RecordJson json = json(dependencies);
    HttpDependencies.Operations operations = dependencies.operations();
    OpenApi openApi = new OpenApi(dependencies.application(), json);
    List<Route> routes = new ArrayList<>();
    routes.add(
        new EventsApi(dependencies.log(), json, problems, metrics, config.limits().eventsMax())
            .route(openApi.eventExample()));
    routes.addAll(
        new CatalogApi(dependencies.log(), dependencies.features(), json, operations.time())
            .routes(openApi.itemExample(), openApi.userExample()));
    routes.addAll(
        new RecommendationsApi(
                dependencies.application(),
                dependencies.recommender(),
                dependencies.features(),
                json,
                metrics)
            .routes());
    routes.addAll(
        new FeaturesApi(
                dependencies.application(), dependencies.features(), json, operations.requestTime())
            .routes());
    ExperimentAssignments assignments = dependencies.recommender().assignments();
    routes.addAll(new AssignmentsApi(dependencies.application(), assignments, json).routes());
    routes.addAll(
        new ExperimentsApi(
                dependencies.application(), assignments, reports, operations.requestTime(), json)
            .routes());
    routes.addAll(new OfrepApi(assignments, json).routes());
    routes.addAll(
        new OperationsApi(operations, json, metrics)
            .routes(dependencies.controls().registry() == null));
    routes.addAll(controlRoutes(dependencies, openApi, assignments, json));
    dependencies
        .pages()
        .forEach((path, page) ->
            routes.add(
                Route.get(
                    path,
                    "pages",
                    "A page of this server",
                    List.of(),
                    _ -> new Answer(200, page.contentType(), page.body().get(), Map.of()))));
    routes.addAll(openApi.routes(routes));
    return routes;
  }

  private static List<Route> controlRoutes(
      HttpDependencies dependencies,
      OpenApi openApi,
      ExperimentAssignments assignments,
      RecordJson json) {
    HttpDependencies.Controls controls = dependencies.controls();
    List<Route> routes = new ArrayList<>();
    ApplicationControl application = controls.application();
    if (application != null) {
      routes.addAll(
          new ApplicationApi(application, assignments, json).routes(openApi.applicationExample()));
    }
    RolloutControl rollouts = controls.rollouts();
    if (rollouts != null) {
      routes.addAll(new RolloutApi(rollouts, json).routes());
    }
    Registry registry = controls.registry();
    if (registry != null) {
      HttpDependencies.Operations operations = dependencies.operations();
      routes.addAll(
          new RegistryApi(registry, operations.releases(), json, operations.requestTime())
              .routes());
    }
    JobControl jobs = controls.jobs();
    if (jobs != null) {
      routes.addAll(new JobsApi(jobs, json).routes());
    }
    return routes;
  }

  /** The port that it listens on. */
  public int port() {
    return server.port();
  }

  /** Where it answers, without a slash at the end. */
  public URI uri() {
    return URI.create(
        "http://%s:%d".formatted(host.contains(":") ? "[" + host + "]" : host, port()));
  }

  @Override
  public void close() {
    server.stop();
    readWatch.close();
    reports.close();
  }
}
