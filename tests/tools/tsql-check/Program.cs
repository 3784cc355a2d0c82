// Says whether T-SQL parses, by Microsoft's own parser with the grammar of Azure SQL Database.
//
//     tsql-check < batches.sql
//
// Batches are separated by GO. Each problem is a line, "LINE:COLUMN: MESSAGE". Ends with 0 if everything parses and
// with 1 if something does not.
using Microsoft.SqlServer.TransactSql.ScriptDom;

var parser = new TSql170Parser(initialQuotedIdentifiers: true, engineType: SqlEngineType.SqlAzure);
parser.Parse(Console.In, out IList<ParseError> problems);
foreach (ParseError problem in problems)
{
    Console.Out.WriteLine($"{problem.Line}:{problem.Column}: {problem.Message}");
}
return problems.Count == 0 ? 0 : 1;
