package io.winnow.lifecycle;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.core.application.Policy;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.UserHistory;
import io.winnow.models.ItemScorer;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.Ranker;
import io.winnow.models.ranker.RequestHistory;
import io.winnow.ranking.RankerInputs;
import io.winnow.ranking.reranking.Exclusions;
import io.winnow.ranking.reranking.Reranker;
import io.winnow.ranking.reranking.Slate;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.AttributeCondition;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.retrieval.ItemFilters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A release bound to a live feature store: the request path's stages, and what training and
 * evaluation ask of it beyond them.
 *
 * <p>Catalogue indices throughout. Items that the release never saw get a vector from their
 * attributes when they are first met. Thread-safe.
 */
public final class ServingRelease implements RequestStages {
  /** The time attribute that says from when on an item may be recommended. */
  public static final String PUBLISHED = "published";

  /** An item with an event in so many days is out, whatever its date says. */
  private static final int PROOF_DAYS = 30;

  /** How many items stand in where retrieval failed. */
  private static final int FALLBACK_CANDIDATES = 200;

  private final Release release;
  private final FeatureReader reader;
  private final BoundRetrieval retrieval;
  private final RankerInputs inputs;
  private final Policy.Reranking policy;
  private final List<Float> weights;
  private final Reranker reranker;
  private final Reranker greedyReranker;
  private final InteractionSequences sequences;

  /**
   * Binds a release. It reads the features that it was made with, also where the application has
   * others by now.
   *
   * @param reader the store whose state requests see; one from beginning to end of each request
   * @param executor runs the candidate sources; not the pool that runs the stages, which wait for
   *     them
   * @throws WinnowException with {@code CONFLICT} and a problem for each feature that the store
   *     does not hold, or holds in another version
   */
  public ServingRelease(Release release, FeatureReader reader, ExecutorService executor) {
    List<Problem> missing = reader.missing(release.features());
    if (!missing.isEmpty()) {
      throw new WinnowException(
          ErrorCode.CONFLICT,
          "release %s needs features that the store does not hold: %s"
              .formatted(
                  release.version(),
                  missing.stream().map(Problem::toString).collect(Collectors.joining("; "))),
          missing,
          null);
    }
    this.release = release;
    this.reader = reader;
    this.retrieval = new BoundRetrieval(release, reader, executor);
    this.inputs = new RankerInputs(release.features(), retrieval.sourceNames());
    this.policy = release.definition().policy().reranking();
    this.reranker = new Reranker(policy);
    this.greedyReranker = greedy(policy);
    this.sequences = new InteractionSequences(release.definition());
    Ranker ranker = release.ranker();
    this.weights = ranker == null ? List.of() : ranker.spec().weights();
    if (ranker != null && !ranker.spec().featureNames().equals(inputs.names())) {
      throw WinnowException.invalid(
          "release " + release.version() + ".inputs",
          difference(ranker.spec().featureNames(), inputs.names()),
          "the inputs that its application file leads to");
    }
  }

  private ServingRelease(
      ServingRelease other,
      BoundRetrieval retrieval,
      Policy.Reranking policy,
      List<Float> weights) {
    this.release = other.release;
    this.reader = other.reader;
    this.retrieval = retrieval;
    this.inputs = other.inputs;
    this.policy = policy;
    this.weights = weights;
    this.reranker = new Reranker(policy);
    this.greedyReranker = greedy(policy);
    this.sequences = other.sequences;
  }

  private static Reranker greedy(Policy.Reranking policy) {
    return new Reranker(
        new Policy.Reranking(policy.diversity(), policy.caps(), 0, policy.exclude()));
  }

  @Override
  public ServingRelease with(Settings settings) {
    List<Problem> problems = new ArrayList<>();
    if (settings.release() != null && !settings.release().equals(version())) {
      problems.add(new Problem("release", settings.release(), version()));
    }
    BoundRetrieval quotas = retrieval;
    try {
      quotas = retrieval.withQuotas(settings.quotas());
    } catch (WinnowException e) {
      problems.addAll(e.problems());
    }
    if (quotas.candidatesMax() > Reranker.MAX_CANDIDATES) {
      problems.add(
          new Problem(
              "retrieval",
              quotas.candidatesMax() + " candidates",
              "at most " + Reranker.MAX_CANDIDATES));
    }
    List<Float> changed = weights(settings.objectives(), problems);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    Policy.Reranking next =
        settings
            .applyTo(
                new Policy(
                    new Policy.Retrieval(Map.of()),
                    policy,
                    release.definition().policy().serving()))
            .reranking();
    return new ServingRelease(this, quotas, next, changed);
  }

  /** The objectives' weights with some of them changed. */
  private List<Float> weights(Map<String, Double> changes, List<Problem> problems) {
    Ranker ranker = release.ranker();
    List<String> trained = ranker == null ? List.of() : ranker.spec().objectives();
    List<Float> changed = new ArrayList<>(weights);
    changes.forEach((name, weight) -> {
      int at = trained.indexOf(name);
      if (at < 0) {
        problems.add(
            new Problem(
                "objectives." + name,
                weight.toString(),
                ranker == null
                    ? "a release with a ranker"
                    : "an objective of the release's ranker: " + String.join(", ", trained)));
      } else {
        changed.set(at, weight.floatValue());
      }
    });
    return List.copyOf(changed);
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    return reader.userAttributes(user);
  }

  private static String difference(List<String> wanted, List<String> served) {
    List<String> missing = new ArrayList<>(wanted);
    missing.removeAll(served);
    List<String> added = new ArrayList<>(served);
    added.removeAll(wanted);
    return "missing " + missing + ", not known to the ranker " + added;
  }

  @Override
  public String version() {
    return release.version();
  }

  @Override
  public Optional<String> trouble() {
    return reader.trouble();
  }

  @Override
  public boolean trained() {
    return release.models().deep() != null;
  }

  @Override
  public long schemaHash() {
    return release.features().hash();
  }

  /** How many items are known. */
  public int catalogSize() {
    return reader.catalog().size();
  }

  @Override
  public ItemId item(int index) {
    return reader.catalog().item(index);
  }

  @Override
  public int indexOf(ItemId item) {
    return reader.catalog().indexOf(item);
  }

  /**
   * Runs the stages as a request would, without logging, so that the first real requests meet
   * compiled code.
   *
   * @param users whose requests to try; nothing happens if there are none
   * @param requests how many, going round
   * @param timeMs the requests' time
   */
  public void warmUp(List<UserId> users, int requests, long timeMs) {
    for (int i = 0; i < requests && !users.isEmpty(); i++) {
      UserId user = users.get(i % users.size());
      Moment moment = moment(user, Map.of(), _ -> true, timeMs);
      Ranked ranked = rank(moment, retrieve(moment, Duration.ofSeconds(10)));
      for (Placed placed : rerank(moment, ranked, 10, i).placed()) {
        explain(moment, ranked, placed);
      }
    }
  }

  @Override
  public Moment moment(
      UserId user, Map<String, String> context, ItemFilter requestRules, long timeMs) {
    retrieval.meetNewItems(timeMs);
    UserHistory history = reader.history(user);
    UserHistory choices = sequences.choices(history);
    ItemFilter rules = available(requestRules, timeMs);
    BitSet had = Exclusions.of(policy.exclude(), history, timeMs);
    if (!release.definition().schema().repeats()) {
      for (int item : history.items()) {
        had.set(item);
      }
    }
    ItemFilter filter = item -> !had.get(item) && rules.allows(item);
    return new Moment(
        user, history, choices, retrieval.encode(choices), context, filter, rules, timeMs);
  }

  @Override
  public Moment strangerMoment(
      UserId user, Map<String, String> context, ItemFilter requestRules, long timeMs) {
    UserHistory none =
        UserHistory.empty(List.copyOf(release.definition().schema().events().keySet()));
    ItemFilter rules = available(requestRules, timeMs);
    return new Moment(user, none, none, null, context, rules, rules, timeMs);
  }

  /**
   * Allows what is available and published. A date in the future that an event contradicts is
   * wrong: where items are dated by hand, some are.
   */
  private ItemFilter available(ItemFilter requestRules, long timeMs) {
    Catalog catalog = reader.catalog();
    if (itemAttributes().get(PUBLISHED) != AttributeType.TIME) {
      return item -> catalog.available(item) && requestRules.allows(item);
    }
    return item ->
        catalog.available(item)
            && !(catalog.attribute(item, PUBLISHED) instanceof AttributeValue.Time date
                && date.epochMs() > timeMs
                && reader.itemCount(item, PROOF_DAYS, timeMs) == 0)
            && requestRules.allows(item);
  }

  @Override
  public CandidateSet retrieve(Moment moment, Duration budget) {
    return retrieval.retrieve(moment, budget);
  }

  /**
   * Each deep or live source alone, best first; the models of {@link #simpleModels} are not
   * repeated.
   */
  public Map<String, int[]> retrieveEach(Moment moment, int k) {
    return retrieval.retrieveEach(moment, k);
  }

  /** Popularity, transitions, EASE and implicit ALS by those names, over catalogue indices. */
  public Map<String, ItemScorer> simpleModels() {
    return retrieval.simpleModels();
  }

  /** The declared item attributes. */
  public Map<String, AttributeType> itemAttributes() {
    return release.definition().schema().itemAttributes();
  }

  @Override
  public CandidateSet popular(Moment moment) {
    return retrieval.lastResort(moment, moment.filter(), FALLBACK_CANDIDATES);
  }

  @Override
  public CandidateSet anything(Moment moment) {
    return retrieval.lastResort(moment, moment.rules(), FALLBACK_CANDIDATES);
  }

  @Override
  public Candidates similar(int item, int n, long timeMs) {
    return retrieval.similar(item, n, available(_ -> true, timeMs), timeMs);
  }

  @Override
  public Ranked rank(Moment moment, CandidateSet candidates) {
    FeatureRows features = features(moment, candidates.items());
    return ordered(candidates, features, probabilities(moment, candidates, features));
  }

  /** What the ranker expects of each candidate, shape (C, T); empty without a ranker. */
  private float[] probabilities(Moment moment, CandidateSet candidates, FeatureRows features) {
    Ranker ranker = release.ranker();
    return ranker == null || candidates.size() == 0
        ? new float[0]
        : probabilities(ranker, moment, candidates, features);
  }

  /**
   * Best first by the ranker's score; in the order of retrieval if there are no probabilities.
   *
   * @param probabilities shape (C, T), or empty
   */
  private Ranked ordered(CandidateSet candidates, FeatureRows features, float[] probabilities) {
    Ranker ranker = release.ranker();
    if (ranker == null || probabilities.length == 0) {
      Ranked plain = unranked(candidates);
      return new Ranked(candidates, plain.order(), plain.scores(), logged(features));
    }
    float[] scores = ranker.score(probabilities, weights);
    int[] order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(row -> -scores[row]).thenComparing(r -> r))
            .mapToInt(Integer::intValue)
            .toArray();
    float[] sorted = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      sorted[i] = scores[order[i]];
    }
    return new Ranked(candidates, order, sorted, logged(features));
  }

  /** Values that no replay can give are used, but not logged as what was known at their offset. */
  private static @Nullable FeatureRows logged(FeatureRows features) {
    return features.complete() ? features : null;
  }

  /**
   * What the ranker expects of each item of a slate of the past, computed as if it was asked now.
   *
   * @param shown its items are known
   * @return shape (items, T); empty without a ranker
   */
  public float[] probabilities(TrainingRequest.Shown shown) {
    Ranker ranker = release.ranker();
    if (ranker == null) {
      return new float[0];
    }
    return judge(shown.user(), shown.timeMs(), shown.items()).probabilities();
  }

  /**
   * What this release makes of some items at a moment of the past, whether or not it would have
   * retrieved them itself.
   *
   * @param items known ones
   */
  public Judged judge(UserId user, long timeMs, List<ItemId> items) {
    Moment moment = moment(user, Map.of(), _ -> true, timeMs);
    CandidateSet retrieved = retrieve(moment, Duration.ofMinutes(1));
    int[] indices = items.stream().mapToInt(this::indexOf).toArray();
    CandidateSet candidates = retrieval.extend(moment, retrieved, indices);
    FeatureRows features = features(moment, candidates.items());
    float[] all = probabilities(moment, candidates, features);
    Ranker ranker = release.ranker();
    float[] scores = ranker == null ? unranked(candidates).scores() : ranker.score(all, weights);
    int heads = ranker == null ? 0 : ranker.spec().objectives().size();
    float[] probabilities = new float[indices.length * heads];
    float[] kept = new float[indices.length];
    for (int i = 0; i < indices.length; i++) {
      int row = BoundRetrieval.rowOf(candidates, indices[i]);
      System.arraycopy(all, row * heads, probabilities, i * heads, heads);
      kept[i] = scores[row];
    }
    return new Judged(moment, retrieved, heads, probabilities, kept);
  }

  /**
   * What a release makes of some items. Owns its arrays.
   *
   * @param moment the request as it would have seen it
   * @param candidates what it would have retrieved, without what was added
   * @param heads T, 0 without a ranker
   * @param probabilities what its ranker expects of each item, shape (items, T)
   * @param scores what it would be ranked by, shape (items); without a ranker by its place in
   *     retrieval, where items that were not retrieved come last
   */
  public record Judged(
      Moment moment, CandidateSet candidates, int heads, float[] probabilities, float[] scores) {}

  /** The objectives that its ranker predicts, in the order of its heads; none without a ranker. */
  public List<String> objectives() {
    Ranker ranker = release.ranker();
    return ranker == null ? List.of() : ranker.spec().objectives();
  }

  /**
   * What this release would have done with a request of the past that another one answered,
   * computed as if it was asked now.
   *
   * @param slate what was shown, from the first place on; it may hold items that are not known
   * @param draws how many slates of its own to draw for what it expects, at least 1
   * @param seed of the draws
   */
  public Counterfactual counterfactual(
      UserId user, long timeMs, List<ItemId> slate, int draws, long seed) {
    Moment moment = moment(user, Map.of(), _ -> true, timeMs);
    CandidateSet candidates = retrieve(moment, Duration.ofMinutes(1));
    if (candidates.size() == 0) {
      candidates = popular(moment);
    }
    if (candidates.size() == 0) {
      candidates = anything(moment);
    }
    FeatureRows features = features(moment, candidates.items());
    float[] probabilities = probabilities(moment, candidates, features);
    Ranked ranked = ordered(candidates, features, probabilities);
    int heads = candidates.size() == 0 ? 0 : probabilities.length / candidates.size();
    int n = slate.size();
    double[] predicted = new double[n * heads];
    double[] expected = new double[n * heads];
    int[] items = slate.stream().mapToInt(this::indexOf).toArray();
    for (int place = 0; place < n; place++) {
      add(
          predicted,
          place,
          probabilities,
          BoundRetrieval.rowOf(candidates, items[place]),
          heads,
          1);
    }
    for (int draw = 0; draw < draws && heads > 0; draw++) {
      for (Placed placed : rerank(moment, ranked, n, Seed.mix(seed + draw)).placed()) {
        int row = BoundRetrieval.rowOf(candidates, placed.item());
        add(expected, placed.position(), probabilities, row, heads, 1.0 / draws);
      }
    }
    double[] propensities =
        reranker.propensities(
            request(moment, ranked, n, 0), items, reader.catalog(), retrieval::vector);
    return new Counterfactual(propensities, heads, predicted, expected);
  }

  private static void add(
      double[] sums, int place, float[] probabilities, int row, int heads, double factor) {
    for (int t = 0; t < heads && row >= 0; t++) {
      sums[place * heads + t] += factor * probabilities[row * heads + t];
    }
  }

  /**
   * What a release makes of a slate of the past. Owns its arrays.
   *
   * @param propensities of its items, place by place, given those before: shape (slate)
   * @param heads T, 0 without a ranker
   * @param predicted the ranker's probabilities of the shown items, shape (slate, T); 0 for what it
   *     could not have shown
   * @param expected the mean of its probabilities of what it would have shown, shape (slate, T)
   */
  public record Counterfactual(
      double[] propensities, int heads, double[] predicted, double[] expected) {}

  /** The store's values of these items for this request, all read at one offset. */
  FeatureRows features(Moment moment, int[] items) {
    return reader.read(
        new FeatureQuery(moment.user(), items, moment.context(), moment.timeMs()),
        release.features());
  }

  private float[] probabilities(
      Ranker ranker, Moment moment, CandidateSet candidates, FeatureRows features) {
    return ranker.probabilities(
        inputs(candidates, features),
        candidates.size(),
        retrieval.rankerQuery(moment, ranker.spec().embeddingSize()),
        retrieval.rankerItems(candidates.items(), ranker.spec().embeddingSize()),
        relations(ranker.spec().history(), moment, candidates.items()));
  }

  private float[] relations(@Nullable HistorySpec spec, Moment moment, int[] items) {
    return spec == null
        ? new float[0]
        : history(spec, moment).relations(spec, retrieval.facts().of(items));
  }

  /** What the user did, as a ranker with this specification looks at it. */
  RequestHistory history(HistorySpec spec, Moment moment) {
    return retrieval.facts().history(spec, moment.history(), moment.timeMs());
  }

  /** The ranker's input matrix, shape (C, inputs). */
  float[] inputs(CandidateSet candidates, FeatureRows features) {
    return inputs.assemble(candidates.size(), features.values(), candidates.scores());
  }

  RankerInputs rankerInputs() {
    return inputs;
  }

  BoundRetrieval retrieval() {
    return retrieval;
  }

  @Override
  public Ranked unranked(CandidateSet candidates) {
    int[] order = IntStream.range(0, candidates.size()).toArray();
    float[] scores = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      scores[i] = 1f / (i + 1);
    }
    return new Ranked(candidates, order, scores, null);
  }

  @Override
  public Slate rerank(Moment moment, Ranked ranked, int n, long seed) {
    return rerank(reranker, moment, ranked, n, seed);
  }

  /**
   * As {@link #rerank}, but nothing is left to chance: for offline evaluation, where exploring
   * cannot be answered.
   */
  public Slate rerankWithoutExploration(Moment moment, Ranked ranked, int n) {
    return rerank(greedyReranker, moment, ranked, n, 0);
  }

  private Slate rerank(Reranker with, Moment moment, Ranked ranked, int n, long seed) {
    return with.rerank(request(moment, ranked, n, seed), reader.catalog(), retrieval::vector);
  }

  private static Reranker.Request request(Moment moment, Ranked ranked, int n, long seed) {
    return new Reranker.Request(
        ranked.items(), ranked.scores(), n, moment.history(), moment.timeMs(), seed);
  }

  @Override
  public void checkFilters(Map<String, String> filters) {
    Map<String, AttributeType> attributes = release.definition().schema().itemAttributes();
    List<Problem> problems = new ArrayList<>();
    for (String name : filters.keySet()) {
      AttributeType type = attributes.get(name);
      if (type != AttributeType.STRING && type != AttributeType.STRINGS) {
        problems.add(
            new Problem(
                "filters." + name,
                type == null ? "no such attribute" : type.name(),
                "an item attribute of type string or strings"));
      }
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  @Override
  public ItemFilter attributeFilter(Map<String, String> filters) {
    if (filters.isEmpty()) {
      return _ -> true;
    }
    List<AttributeCondition> conditions = new ArrayList<>();
    filters.forEach(
        (name, category) -> conditions.add(new AttributeCondition.AnyOf(name, Set.of(category))));
    return ItemFilters.available(reader.catalog()).matching(conditions).build();
  }

  @Override
  public Reason explain(Moment moment, Ranked ranked, Placed placed) {
    if (placed.reason() == Slate.Reason.EXPLORATION) {
      return new Reason("exploration", "something new, to learn whether you like it");
    }
    return retrieval.explain(moment, ranked.candidates(), placed.item());
  }
}
