/**
 * Training sets for other tools: what requests saw and what came of them, as Parquet.
 *
 * <p>In: a {@link io.winnow.events.RecordSource} and an application. Out: a folder of Parquet files
 * and a {@code _provenance.json}, written by {@link
 * io.winnow.lifecycle.trainingset.TrainingSetExporter} and read back, the same bits, by {@link
 * io.winnow.lifecycle.trainingset.TrainingSetReader}. Both hold one row group in memory. No value
 * in a row is later than the row's request; labels are, by their nature.
 *
 * <p>Parquet comes from parquet-column (encodings) and parquet-format-structures (headers and
 * footer). What lies between them, pages and row groups of a flat table, is here: parquet-hadoop
 * does it too, but needs Hadoop's classes at run time.
 */
@NullMarked
package io.winnow.lifecycle.trainingset;

import org.jspecify.annotations.NullMarked;
