"""One module a table or figure.

Each has `SEEDS`, `cells`, `rows` and `draw`; `notes` where the table is
explained by sentences made from it, and `RUNS` where it goes on with the
trainings of another one; `PROFILES` where it has more than "cpu" and "smoke".
"""

NAMES = ("ran_first", "ran_figure3", "ran_figure4", "ran_figure5",
         "ran_figure6", "fakesafe_table1", "fakesafe_table2",
         "fakesafe_table3", "fakesafe_robustness", "fakesafe_secrecy",
         "gap_har", "gap_houses", "gap_mnist", "gap_smile", "gap_theory",
         "confounder_gan_figure2", "confounder_gan_figure4",
         "confounder_gan_figure5", "confounder_gan_figure6",
         "confounder_gan_table1", "confounder_gan_table2",
         "confounder_gan_countermeasures", "clients")
