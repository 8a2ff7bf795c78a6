package io.winnow.experiments.analysis;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.events.RecordSource;
import java.util.Map;
import java.util.function.Function;

/**
 * What is to be analysed, and as of when.
 *
 * @param application gives metrics, objectives and attributes
 * @param experiment one of the application's, or {@link Holdout#experiment}
 * @param records the log; it is replayed twice
 * @param toOffset the analysis knows records below it
 * @param nowMs what time it is, epoch milliseconds
 * @param limits of memory
 * @param offline a release's offline figures by name; empty for a release that is not known
 */
public record AnalysisRequest(
    ApplicationDefinition application,
    Experiment experiment,
    RecordSource records,
    long toOffset,
    long nowMs,
    AnalysisLimits limits,
    Function<String, Map<String, Double>> offline) {}
